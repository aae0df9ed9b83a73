"""Two installations that have the same key find each other and stop."""

from pathlib import Path

import pytest

from tests.chains import Chain
from tests.processes import run_manage
from tests.wallets.intents import transfer
from wallets.models import Network, Wallet
from wallets.transactions.tick import tick

pytestmark = [pytest.mark.django_db, pytest.mark.db]

OTHER = """
from pathlib import Path
from tests.chains import Chain, make_network
from tests.wallets.intents import transfer
from airdrops_site.devnet.rpc import DevnetRpc
from wallets.models import Wallet
from wallets.signers.loading import become_signing_process
from wallets.transactions.tick import tick
become_signing_process()
network = make_network(Chain("{url}", DevnetRpc("{url}")))
wallet = Wallet.objects.create(label="same", address="{address}", status="verified",
    signer_kind="keystore", signer_reference="{reference}")
row = transfer(wallet, network, wallet.address)
tick(row.lane_id)
row.refresh_from_db()
print("other:", row.state, row.nonce)
"""


def other_installation(folder: Path, chain: Chain, wallet: Wallet, keystores: Path) -> str:
    """An installation with a database of its own and the same key sends one transaction."""
    variables = {
        "AIRDROPS_DATA_DIR": str(folder),
        "AIRDROPS_KEYSTORE_DIR": str(keystores / "keystores"),
        "AIRDROPS_KEYSTORE_PASSPHRASE_FILE": str(keystores / "passphrase"),
    }
    assert run_manage("migrate", **variables).returncode == 0
    script = OTHER.format(url=chain.url, address=wallet.address, reference=wallet.signer_reference)
    done = run_manage("shell", "-c", script, **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_to_see_a_foreign_nonce_pauses_its_lane(
    chain: Chain, network: Network, wallet: Wallet, keystores: Path, tmp_path: Path
) -> None:
    first = transfer(wallet, network, wallet.address)
    tick(first.lane_id)
    chain.mine(4)
    assert "other: broadcast 1" in other_installation(tmp_path / "other", chain, wallet, keystores)
    chain.mine()
    second = transfer(wallet, network, wallet.address, key="t:2")
    tick(second.lane_id)
    second.refresh_from_db()
    second.lane.refresh_from_db()
    assert (second.state, second.lane.paused) == ("queued", True)
    assert "the key is used elsewhere" in second.lane.pause_reason
