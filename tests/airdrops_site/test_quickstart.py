"""The first thing a newcomer sees, driven as they would: a process in an empty folder."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from django.conf import settings

from airdrops_site.devnet.anvil import Anvil, AnvilConfig
from airdrops_site.devnet.deploy import DEFAULT_FUNDING
from airdrops_site.devnet.manifest import Manifest
from airdrops_site.devnet.ports import free_port
from airdrops_site.devnet.rpc import DevnetRpc
from tests.monitoring import kit
from tests.monitoring.pages import shown, told_of
from tests.processes import PATIENCE, eventually, run_manage

BALANCE_OF = "0x70a08231" + "0" * 24


def start(folder: Path, *arguments: str, **variables: str) -> subprocess.Popen[bytes]:
    """A quickstart with its data in the folder and nothing of the tests' own settings."""
    kept = ("DATABASE_URL", "TEST_DATABASE_URL", "METRICS_TOKEN", "DJANGO_SETTINGS_MODULE")
    environment = {name: value for name, value in os.environ.items() if name not in kept}
    environment |= {"AIRDROPS_DATA_DIR": str(folder), "AIRDROPS_ENV_FILE": os.devnull, **variables}
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
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said.decode()
    return folder


def test_a_protocol_is_on_the_networks_where_it_has_contracts(finished: Path) -> None:
    used = "SELECT DISTINCT protocol_id, network_id FROM protocols_deployment WHERE enabled"
    on = query(finished, "SELECT protocol_id, network_id FROM protocols_protocol_networks")
    assert sorted(on) == sorted(query(finished, used))


def test_metrics_are_those_that_the_monitoring_kit_is_written_for(finished: Path) -> None:
    page = run_manage("metrics", AIRDROPS_DATA_DIR=str(finished)).stdout
    listed = kit.metrics_listed()
    assert told_of(page) == set(listed)
    assert {name: listed[name] for name in shown(page)} == shown(page)
    assert len(shown(page)) > len(listed) / 2


@contextmanager
def running_chains(folder: Path) -> Iterator[dict[int, DevnetRpc]]:
    """The chains as a quickstart left them in its folder."""
    with ExitStack() as stack:
        running = [stack.enter_context(_chain(folder, chain_id)) for chain_id in (31337, 31338)]
        yield {anvil.config.chain_id: DevnetRpc(anvil.url) for anvil in running}


def _chain(folder: Path, chain_id: int) -> Anvil:
    config = AnvilConfig(
        chain_id=chain_id,
        port=free_port(),
        log_file=folder / "logs" / f"chain-{chain_id}.log",
        state_file=folder / "devnet" / f"{chain_id}.json",
        block_time=60,
    )
    return Anvil.start(config)


@pytest.fixture(scope="module")
def chains(finished: Path) -> Iterator[dict[int, DevnetRpc]]:
    """The chains as the quickstart left them."""
    with running_chains(finished) as running:
        yield running


def assert_no_nonce_without_a_row(folder: Path, chains: dict[int, DevnetRpc]) -> None:
    """Each wallet has sent exactly the transactions of its rows, on every chain."""
    rows = query(
        folder,
        "SELECT w.address, n.chain_id, count(t.id) FROM wallets_wallet w "
        "CROSS JOIN wallets_network n "
        "LEFT JOIN wallets_noncelane l ON l.wallet_id = w.id AND l.network_id = n.id "
        "LEFT JOIN wallets_transaction t ON t.lane_id = l.id GROUP BY 1, 2",
    )
    assert len(rows) == 6
    for address, chain_id, ours in rows:
        sent = chains[chain_id].call("eth_getTransactionCount", address, "latest")
        assert (address, int(sent, 16)) == (address, ours)


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
    """Without what the devnet gave in the beginning, which history may have read or not yet."""
    rows = query(
        folder,
        "SELECT kind, amount FROM analytics_ledgerentry "
        "WHERE wallet_id = ? AND token_id = ? AND status = 'final' "
        "AND NOT (account = 'outside' AND transfer_id IS NOT NULL)",
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
    assert_no_nonce_without_a_row(finished, chains)


def test_no_key_or_passphrase_is_in_the_logs(finished: Path) -> None:
    passphrase = (finished / "keystore_passphrase").read_text().strip()
    for log in (finished / "logs").iterdir():
        assert passphrase not in log.read_text(errors="replace")


def test_secrets_are_readable_by_their_owner_only(finished: Path) -> None:
    for name in ("operator_password", "keystore_passphrase", "secret_key"):
        assert (finished / name).stat().st_mode & 0o077 == 0


def said_when_refused(folder: Path, *arguments: str, **variables: str) -> str:
    """What a quickstart says that ends with 2."""
    process = start(folder, *arguments, **variables)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2, said.decode()
    return said.decode()


def _confirmed(folder: Path) -> int:
    rows = query(
        folder, "SELECT count(*) FROM wallets_transaction WHERE state IN ('confirmed', 'final')"
    )
    return int(rows[0][0]) if rows else 0


def _more_confirmed(folder: Path) -> bool:
    before = _confirmed(folder)
    return eventually(lambda: _confirmed(folder) > before + 3)


def _kill_a_lanes_worker(folder: Path) -> None:
    """SIGKILL the process that works on a lane, in the middle of it."""
    owners: list[tuple] = []  # type: ignore[type-arg]

    def found() -> bool:
        owners[:] = query(
            folder, "SELECT lease_owner FROM wallets_noncelane WHERE lease_owner > ''"
        )
        return bool(owners)

    # A lane is held for a few hundredths of a second, and the demo's tasks come twice a minute.
    assert eventually(found, every=0.003)
    os.kill(int(owners[0][0].rsplit(":", 1)[1]), signal.SIGKILL)


def _kill_cluster(folder: Path) -> None:
    rows = query(folder, "SELECT pid FROM wallets_workercluster WHERE fenced_at IS NULL")
    os.kill(rows[0][0], signal.SIGKILL)


def _saved_chains(folder: Path) -> dict[Path, bytes]:
    """The chains' states as last saved, once they hold the contracts."""
    deployed = (folder / "devnet" / "manifest.json").stat().st_mtime
    files = [folder / "devnet" / f"{chain_id}.json" for chain_id in (31337, 31338)]
    saved: dict[Path, bytes] = {}

    def whole() -> bool:
        saved.update({file: file.read_bytes() for file in files if file.exists()})
        late = all(file.exists() and file.stat().st_mtime > deployed + 1 for file in files)
        return late and all(text.rstrip().endswith(b"}") for text in saved.values())

    assert eventually(whole)
    return saved


def test_killed_processes_and_a_stop_leave_nothing_undone_twice_or_running(tmp_path: Path) -> None:
    port = free_port()
    process = start(tmp_path, "--port", str(port))
    try:
        assert eventually(lambda: _shows_a_transaction(port))
        older = _saved_chains(tmp_path)
        _kill_a_lanes_worker(tmp_path)
        assert _more_confirmed(tmp_path)
        _kill_cluster(tmp_path)
        assert _more_confirmed(tmp_path)
        assert len(query(tmp_path, "SELECT 1 FROM wallets_workercluster")) > 1
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert eventually(lambda: not processes_of(tmp_path)), processes_of(tmp_path)
    again = start(tmp_path, "--once")
    _, said = again.communicate(timeout=PATIENCE)
    assert again.returncode == 0, said.decode()
    failed = query(tmp_path, "SELECT detail FROM scheduling_run WHERE state != 'succeeded'")
    assert failed == []
    with running_chains(tmp_path) as chains:
        assert_no_nonce_without_a_row(tmp_path, chains)
    for file, state in older.items():
        file.write_bytes(state)
    assert "is older than the database" in said_when_refused(tmp_path)


def _shows_a_transaction(port: int) -> bool:
    """Whether the console answers and `/health` knows a confirmed transaction."""
    try:
        report = httpx.get(f"http://127.0.0.1:{port}/health").json()
        login = httpx.get(f"http://127.0.0.1:{port}/admin/login/")
    except httpx.HTTPError:
        return False
    protocols = report["components"]["protocols"]
    return login.status_code == 200 and protocols["evm"]["last_tx"] is not None


def test_the_end_of_the_terminal_ends_everything(tmp_path: Path) -> None:
    process = start(tmp_path)
    try:
        assert eventually(lambda: _confirmed(tmp_path) > 0)
    finally:
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert eventually(lambda: not processes_of(tmp_path)), processes_of(tmp_path)


def test_a_busy_port_is_one_sentence_and_exit_2(tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        said = said_when_refused(tmp_path, "--port", str(port))
    assert said.startswith(f"Port {port} cannot be used for the console")


def test_quickstart_refuses_anything_but_the_devnet(tmp_path: Path) -> None:
    said = said_when_refused(tmp_path, AIRDROPS_CHAIN_ACCESS="mainnet")
    assert "quickstart runs with devnet only" in said


def test_a_missing_anvil_is_one_sentence_and_exit_2(tmp_path: Path) -> None:
    said = said_when_refused(tmp_path, AIRDROPS_ANVIL=str(tmp_path / "none"))
    assert f"AIRDROPS_ANVIL is {tmp_path / 'none'}, which is not a program" in said
    assert "Traceback" not in said


def test_a_devnet_that_does_not_answer_is_one_sentence_and_exit_2(tmp_path: Path) -> None:
    silent = tmp_path / "anvil"
    silent.write_text("#!/bin/sh\necho nothing to say\nexit 1\n")
    silent.chmod(0o700)
    said = said_when_refused(tmp_path / "data", AIRDROPS_ANVIL=str(silent))
    assert "ended with code 1 (nothing to say)" in said
    assert "Traceback" not in said


def test_an_unwritable_folder_is_one_sentence_and_exit_2() -> None:
    said = said_when_refused(Path("/proc/airdrops"))
    assert "AIRDROPS_DATA_DIR is '/proc/airdrops'; expected a folder this user can write" in said
    assert len(said.splitlines()) == 1


def test_a_devnet_without_the_contracts_is_one_sentence_and_exit_2(
    finished: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(finished, tmp_path / "copy")
    (folder / "devnet" / "31337.json").unlink()
    said = said_when_refused(folder)
    assert "is not the one the devnet's contracts were deployed on" in said
    assert "`quickstart --reset`" in said
