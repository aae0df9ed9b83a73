"""A stop amid real workers' work; `make faults` does so fifty times with fifty wallets."""

from pathlib import Path

import pytest
from django.conf import settings

from tests.chains import Chain
from tests.faults.stops import Drill, clusters, lay_out, run_stop
from tests.processes import eventually, manage
from tests.wallets.signer_server import serve_signer
from wallets.models import EmergencyStop, Network

pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.postgresql,
]


def test_nothing_is_signed_after_the_commit_of_a_stop(
    chain: Chain, network: Network, keystores: Path
) -> None:
    with serve_signer() as server:
        ground = lay_out(chain, network, server, wallets=6)
        with clusters(keystores, server, 1, 2):
            for drill in (Drill(1, "everything", False, 0.1), Drill(2, "everything", True, 0.3)):
                line = run_stop(drill, ground, each=8)
                assert line["violations"] == []
                assert line["signed"] > 0
                assert line["unsigned_at_stop"] + line["reserved_at_stop"] > 0


def test_another_process_sees_the_stop_file_and_stops_all_hosts(db: None, tmp_path: Path) -> None:
    file, engaged = Path(settings.STOP_FILE), EmergencyStop.objects.filter(engaged=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    try:
        with manage("qcluster", log=tmp_path / "cluster.log"):
            assert eventually(engaged.exists)
    finally:
        file.unlink()
    assert engaged.get().actor == f"stop file of {settings.HOST_NAME}"
