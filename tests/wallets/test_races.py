"""Several real worker processes on the same rows; `make faults` runs more of them for longer."""

from pathlib import Path

import pytest

from tests.chains import Chain
from tests.faults.ground import FINAL_DEPTH
from tests.faults.races import Race, run_race
from wallets.models import Network

pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.postgresql,
]


@pytest.mark.parametrize(("way", "wallets", "each"), [("overlap", 1, 8), ("leases", 4, 2)])
def test_two_workers_on_the_same_rows_do_everything_once(
    chain: Chain, network: Network, keystores: Path, way: str, wallets: int, each: int
) -> None:
    Network.objects.update(final_depth=FINAL_DEPTH)
    network.refresh_from_db()
    race = Race(seed=1, way=way, workers=2, wallets=wallets, intents_each=each)
    line = run_race(race, chain, network, keystores)
    assert line["counted"]["turns"] > 2
    found = {name: line[name] for name in ("intents", "duplicates", "lost", "violations")}
    assert found == {"intents": 8, "duplicates": 0, "lost": 0, "violations": []}
