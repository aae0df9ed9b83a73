"""The first thing a newcomer sees, driven as they would: a process in an empty folder."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from django.conf import settings

from airdrops_site.devnet.anvil import Anvil, AnvilConfig
from airdrops_site.devnet.deploy import DEFAULT_FUNDING
from airdrops_site.devnet.manifest import Manifest
from airdrops_site.devnet.ports import free_port
from airdrops_site.devnet.rpc import DevnetRpc
from tests.processes import eventually

BALANCE_OF = "0x70a08231" + "0" * 24


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """A quickstart with its data in the folder and nothing of the tests' own settings."""
    kept = ("DATABASE_URL", "TEST_DATABASE_URL", "METRICS_TOKEN", "DJANGO_SETTINGS_MODULE")
    environment = {name: value for name, value in os.environ.items() if name not in kept}
    environment |= {"AIRDROPS_DATA_DIR": str(folder), "AIRDROPS_ENV_FILE": os.devnull}
    return subprocess.Popen(
        [sys.executable, "manage.py", "quickstart", "--port", str(free_port()), *arguments],
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def query(folder: Path, sql: str, *arguments: object) -> list[tuple]:  # type: ignore[type-arg]
    """Ask the quickstart's database, not through our code."""
    path = folder / "airdrops.sqlite3"
    if not path.exists():
        return []
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    try:
        return database.execute(sql, arguments).fetchall()
    except sqlite3.OperationalError:
        return []  # not migrated yet
    finally:
        database.close()


def processes_of(folder: Path) -> list[str]:
    """Command lines of the processes that run on the folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if f"AIRDROPS_DATA_DIR={folder}".encode() in (entry / "environ").read_bytes():
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
    return found


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `quickstart --once` has run to its end."""
    folder = tmp_path_factory.mktemp("quickstart")
    process = start(folder, "--once")
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said.decode()
    return folder


@pytest.fixture(scope="module")
def chains(
    finished: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[int, DevnetRpc]]:
    """The chains as the quickstart left them."""
    running = [
        Anvil.start(
            AnvilConfig(
                chain_id=chain_id,
                port=free_port(),
                log_file=tmp_path_factory.mktemp("chain") / "anvil.log",
                state_file=finished / "devnet" / f"{chain_id}.json",
                block_time=60,
            )
        )
        for chain_id in (31337, 31338)
    ]
    yield {anvil.config.chain_id: DevnetRpc(anvil.url) for anvil in running}
    for anvil in running:
        anvil.stop()


def test_every_demo_run_succeeds_and_every_transaction_is_final(finished: Path) -> None:
    assert query(finished, "SELECT DISTINCT state FROM scheduling_run") == [("succeeded",)]
    states = query(finished, "SELECT DISTINCT state, outcome FROM wallets_transaction")
    assert states == [("final", "succeeded")]
    actions = {row[0] for row in query(finished, "SELECT action FROM wallets_transaction")}
    wanted = {"wrap", "unwrap", "transfer", "transfer-token", "swap", "merkle-claim"}
    assert actions == wanted


def test_the_books_agree_with_the_chain_to_the_wei(
    finished: Path, chains: dict[int, DevnetRpc]
) -> None:
    manifest = Manifest.load(finished / "devnet" / "manifest.json")
    usdc = {
        network.chain_id: network.token("USDC").contract.address for network in manifest.networks
    }
    tokens = query(
        finished,
        "SELECT t.id, n.chain_id, t.address FROM wallets_token t "
        "JOIN wallets_network n ON n.id = t.network_id",
    )
    wallets = query(finished, "SELECT id, address FROM wallets_wallet")
    assert len(wallets) * len(tokens) > 20
    for wallet_id, wallet in wallets:
        for token_id, chain_id, token in tokens:
            given = DEFAULT_FUNDING.native if not token else 0
            if token == usdc[chain_id]:
                given = DEFAULT_FUNDING.usdc
            booked = _booked(finished, wallet_id, token_id)
            assert _balance(chains[chain_id], wallet, token) == given + booked, (wallet, token)


def _booked(folder: Path, wallet_id: int, token_id: int) -> int:
    rows = query(
        folder,
        "SELECT kind, amount FROM analytics_ledgerentry "
        "WHERE wallet_id = ? AND token_id = ? AND status = 'final'",
        wallet_id,
        token_id,
    )
    return sum(int(amount) if kind == "in" else -int(amount) for kind, amount in rows)


def _balance(rpc: DevnetRpc, wallet: str, token: str) -> int:
    if not token:
        return int(rpc.call("eth_getBalance", wallet, "latest"), 16)
    data = BALANCE_OF + wallet[2:]
    return int(rpc.call("eth_call", {"to": token, "data": data}, "latest"), 16)


def test_no_transaction_was_sent_twice(finished: Path, chains: dict[int, DevnetRpc]) -> None:
    for (address,) in query(finished, "SELECT address FROM wallets_wallet"):
        for chain_id, rpc in chains.items():
            ours = query(
                finished,
                "SELECT count(*) FROM wallets_transaction t "
                "JOIN wallets_noncelane l ON l.id = t.lane_id "
                "JOIN wallets_wallet w ON w.id = l.wallet_id "
                "JOIN wallets_network n ON n.id = l.network_id "
                "WHERE w.address = ? AND n.chain_id = ?",
                address,
                chain_id,
            )[0][0]
            assert int(rpc.call("eth_getTransactionCount", address, "latest"), 16) == ours


def test_no_key_or_passphrase_is_in_the_logs(finished: Path) -> None:
    passphrase = (finished / "keystore_passphrase").read_text().strip()
    for log in (finished / "logs").iterdir():
        assert passphrase not in log.read_text(errors="replace")


def test_secrets_are_readable_by_their_owner_only(finished: Path) -> None:
    for name in ("operator_password", "keystore_passphrase", "secret_key"):
        assert (finished / name).stat().st_mode & 0o077 == 0


def _confirmed(folder: Path) -> int:
    rows = query(
        folder, "SELECT count(*) FROM wallets_transaction WHERE state IN ('confirmed', 'final')"
    )
    return int(rows[0][0]) if rows else 0


def test_a_killed_worker_and_a_stop_leave_nothing_undone_or_running(tmp_path: Path) -> None:
    process = start(tmp_path)
    try:
        assert eventually(lambda: _confirmed(tmp_path) > 0, within=60)
        rows = query(tmp_path, "SELECT pid FROM wallets_workercluster WHERE fenced_at IS NULL")
        os.kill(rows[0][0], signal.SIGKILL)
        before = _confirmed(tmp_path)
        assert eventually(lambda: _confirmed(tmp_path) > before + 3, within=90)
        assert len(query(tmp_path, "SELECT 1 FROM wallets_workercluster")) > 1
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0
    assert eventually(lambda: not processes_of(tmp_path), within=2), processes_of(tmp_path)
    again = start(tmp_path, "--once")
    _, said = again.communicate(timeout=120)
    assert again.returncode == 0, said.decode()
    failed = query(tmp_path, "SELECT detail FROM scheduling_run WHERE state != 'succeeded'")
    assert failed == []


def test_a_busy_port_is_one_sentence_and_exit_2(tmp_path: Path) -> None:
    import socket

    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        process = start(tmp_path, "--port", str(port))
        _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert said.decode().startswith(f"Port {port} cannot be used for the console")


def test_quickstart_refuses_anything_but_the_devnet(tmp_path: Path) -> None:
    os.environ["AIRDROPS_CHAIN_ACCESS"] = "mainnet"
    try:
        process = start(tmp_path)
        _, said = process.communicate(timeout=30)
    finally:
        os.environ["AIRDROPS_CHAIN_ACCESS"] = "devnet"
    assert process.returncode == 2
    assert "quickstart runs with devnet only" in said.decode()


def test_the_console_answers(tmp_path: Path) -> None:
    port = free_port()
    process = start(tmp_path, "--port", str(port))

    def answers() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/admin/login/").status_code == 200
        except httpx.HTTPError:
            return False

    try:
        assert eventually(answers, within=60)
    finally:
        process.terminate()
        process.communicate(timeout=30)
