"""A stop amid real workers' work; `make faults` does so fifty times with fifty wallets."""

from pathlib import Path

import pytest

from tests.chains import Chain
from tests.faults.stops import Drill, clusters, lay_out, run_stop
from tests.wallets.signer_server import serve_signer
from wallets.models import Network

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
