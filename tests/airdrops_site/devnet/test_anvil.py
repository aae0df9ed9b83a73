"""An anvil ends with its parent, keeps its chain across restarts, and fails in one sentence."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airdrops_site.devnet.anvil import Anvil, AnvilConfig
from airdrops_site.devnet.binary import OVERRIDE, REPOSITORY, find_anvil
from airdrops_site.devnet.errors import DevnetError, DevnetSilent
from airdrops_site.devnet.ports import HOST, free_port, require_free
from airdrops_site.devnet.rpc import DevnetRpc

RECEIVER = "0x9c1185A5C5E9Fc54612808977ee8F548B2258D31"
# Emits one empty log when called: PUSH1 0 PUSH1 0 LOG0.
LOGGER, LOGGER_CODE = "0x00000000000000000000000000000000000106e0", "0x60006000a000"
PARENT = """
import sys, time
from pathlib import Path
from airdrops_site.devnet.anvil import Anvil, AnvilConfig
port, folder = int(sys.argv[1]), Path(sys.argv[2])
Anvil.start(AnvilConfig(31337, port, folder / "anvil.log", state_file=folder / "state.json"))
print("started", flush=True)
time.sleep(60)
"""


def _eventually(holds: Callable[[], object], *, within: float = 10) -> bool:
    deadline = time.monotonic() + within
    while not (held := holds()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(held)


def _is_free(port: int) -> bool:
    try:
        require_free(port)
    except DevnetError:
        return False
    return True


def _pay(rpc: DevnetRpc, receiver: str = RECEIVER) -> str:
    sender = rpc.call("eth_accounts")[0]
    tx = {"from": sender, "to": receiver, "value": "0x10", "gas": "0x10000"}
    tx_hash: str = rpc.call("eth_sendTransaction", tx)
    # Automine answers with the hash before the block is there.
    assert _eventually(lambda: rpc.call("eth_getTransactionReceipt", tx_hash))
    return tx_hash


def _memory(rpc: DevnetRpc, tx_hash: str) -> list[Any]:
    """What the chain knows about a transaction, its block and its effects."""
    receipt = rpc.call("eth_getTransactionReceipt", tx_hash)
    return [
        receipt,
        rpc.call("eth_getTransactionByHash", tx_hash),
        rpc.block(int(receipt["blockNumber"], 16)),
        rpc.call("eth_getLogs", {"blockHash": receipt["blockHash"]}),
        rpc.call("eth_getBalance", LOGGER, "latest"),
        rpc.call("eth_getCode", LOGGER, "latest"),
    ]


def test_it_answers_with_its_chain_id_once_started(config: AnvilConfig) -> None:
    with Anvil.start(config) as anvil, DevnetRpc(anvil.url) as rpc:
        assert rpc.call("eth_chainId") == hex(config.chain_id)
        assert anvil.is_running
    assert not anvil.is_running


def test_blocks_transactions_receipts_logs_and_code_survive_a_restart(config: AnvilConfig) -> None:
    with Anvil.start(config) as anvil, DevnetRpc(anvil.url) as rpc:
        rpc.call("anvil_setCode", LOGGER, LOGGER_CODE)
        tx_hash = _pay(rpc, LOGGER)
        before = _memory(rpc, tx_hash)
        assert len(before[0]["logs"]) == 1
    with Anvil.start(config) as anvil, DevnetRpc(anvil.url) as rpc:
        assert _memory(rpc, tx_hash) == before


def test_block_time_goes_on_with_the_clock_after_a_restart(config: AnvilConfig) -> None:
    with Anvil.start(config) as anvil, DevnetRpc(anvil.url) as rpc:
        rpc.call("evm_mine")
    time.sleep(2)
    with Anvil.start(config) as anvil, DevnetRpc(anvil.url) as rpc:
        rpc.call("evm_mine")
        block = rpc.block("latest")
    assert block is not None
    assert abs(int(block["timestamp"], 16) - time.time()) < 2


def test_what_an_interval_dump_saved_survives_a_hard_kill(config: AnvilConfig) -> None:
    anvil = Anvil.start(config)
    with DevnetRpc(anvil.url) as rpc:
        tx_hash = _pay(rpc)
    state = config.state_file
    assert state is not None
    assert _eventually(lambda: state.exists() and tx_hash in state.read_text())
    anvil.process.kill()
    anvil.process.wait()
    with Anvil.start(config) as anvil, DevnetRpc(anvil.url) as rpc:
        assert rpc.call("eth_getTransactionReceipt", tx_hash)["status"] == "0x1"


@pytest.mark.parametrize("kept_part", [0, 0.5])
def test_a_torn_state_file_offers_a_reset(config: AnvilConfig, kept_part: float) -> None:
    Anvil.start(config).stop()
    assert config.state_file is not None
    whole = config.state_file.read_bytes()
    config.state_file.write_bytes(whole[: int(len(whole) * kept_part)])
    with pytest.raises(DevnetError, match=r"l1\.json of devnet 31337 is damaged.*--reset"):
        Anvil.start(config)


def test_interval_mining_makes_blocks_by_itself(config: AnvilConfig) -> None:
    with (
        Anvil.start(replace(config, block_time=0.2)) as anvil,
        DevnetRpc(anvil.url) as rpc,
    ):
        assert _eventually(lambda: rpc.call("eth_blockNumber") >= "0x2")


def test_the_log_holds_no_private_key(config: AnvilConfig) -> None:
    with Anvil.start(config) as anvil, DevnetRpc(anvil.url) as rpc:
        _pay(rpc)
    assert "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80" not in (
        config.log_file.read_text()
    )


def test_it_dies_with_a_parent_killed_hard_and_saves_its_state(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-c", PARENT, str(port), str(tmp_path)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPOSITORY)
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"started\n"
    parent.kill()
    parent.communicate()
    assert _eventually(lambda: _is_free(port))
    assert (tmp_path / "state.json").stat().st_size > 0


def test_it_runs_in_a_session_of_its_own(config: AnvilConfig) -> None:
    with Anvil.start(config) as anvil:
        assert os.getsid(anvil.process.pid) == anvil.process.pid != os.getsid(0)


def test_a_stop_that_is_ignored_ends_in_a_kill(config: AnvilConfig) -> None:
    anvil = Anvil.start(config)
    anvil.process.send_signal(signal.SIGSTOP)
    anvil.stop(timeout=0.3)
    assert anvil.process.returncode == -signal.SIGKILL


def test_a_second_stop_does_nothing(config: AnvilConfig) -> None:
    anvil = Anvil.start(config)
    anvil.stop()
    anvil.stop()
    assert anvil.process.returncode == 0


def test_a_busy_port_is_named(config: AnvilConfig) -> None:
    busy = pytest.raises(DevnetError, match=rf"Port {config.port} .*in use.*another port")
    with socket.create_server((HOST, config.port)), busy:
        Anvil.start(config)


def test_an_anvil_of_the_same_chain_is_not_taken_for_the_new_one(config: AnvilConfig) -> None:
    with Anvil.start(config), pytest.raises(DevnetError, match=f"Port {config.port} .*in use"):
        Anvil.start(replace(config, state_file=None))


def test_another_chain_id_is_told(config: AnvilConfig) -> None:
    told = pytest.raises(DevnetError, match="chain 31337 answers where devnet 1 was expected")
    with Anvil.start(config) as anvil, DevnetRpc(anvil.url) as rpc, told:
        rpc.require_chain_id(1)


def test_a_program_that_exits_early_is_quoted(config: AnvilConfig) -> None:
    with pytest.raises(DevnetError, match=r"ended with code 2 \(error: .*'-1'"):
        Anvil.start(replace(config, block_time=-1))


def test_a_program_that_never_answers_is_given_up_and_ended(
    config: AnvilConfig, tmp_path: Path
) -> None:
    mute = tmp_path / "mute"
    mute.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 60\n")
    mute.chmod(0o755)
    with pytest.raises(DevnetError, match=r"did not answer on port \d+ within 0.5 s"):
        Anvil.start(config, binary=mute, timeout=0.5)
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()


def test_a_program_that_cannot_be_run_is_named(config: AnvilConfig, tmp_path: Path) -> None:
    with pytest.raises(DevnetError, match=r"could not be started as .*/absent"):
        Anvil.start(config, binary=tmp_path / "absent")


def test_a_dead_anvil_is_told_from_a_running_one(config: AnvilConfig) -> None:
    anvil = Anvil.start(config)
    anvil.require_running()
    anvil.process.kill()
    anvil.process.wait()
    with pytest.raises(DevnetError, match=r"ended with code -9 .*anvil\.log"):
        anvil.require_running()


def test_a_call_to_a_dead_anvil_is_told(config: AnvilConfig) -> None:
    with DevnetRpc(config.url) as rpc, pytest.raises(DevnetSilent, match="does not answer"):
        rpc.call("eth_chainId")


def test_a_refused_call_is_quoted(config: AnvilConfig) -> None:
    told = pytest.raises(DevnetError, match=r"refused eth_nonsense: .*--reset")
    with Anvil.start(config) as anvil, DevnetRpc(anvil.url) as rpc, told:
        rpc.call("eth_nonsense")


@pytest.fixture
def no_override(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(OVERRIDE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("no_override")
def test_a_missing_anvil_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DevnetError, match=r"anvil was not found .*npm ci --omit=dev"):
        find_anvil(tmp_path)


@pytest.mark.usefixtures("no_override")
def test_an_anvil_on_path_is_used_without_the_package(tmp_path: Path) -> None:
    own = tmp_path / "anvil"
    own.symlink_to(find_anvil())
    assert find_anvil(tmp_path) == own


def test_the_override_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = tmp_path / "my-anvil"
    own.symlink_to(find_anvil())
    monkeypatch.setenv(OVERRIDE, str(own))
    assert find_anvil() == own


def test_an_override_that_cannot_run_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(OVERRIDE, str(tmp_path / "absent"))
    with pytest.raises(DevnetError, match=f"{OVERRIDE} is .*/absent, which is not a program"):
        find_anvil()
