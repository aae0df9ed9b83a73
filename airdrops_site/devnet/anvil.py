"""One anvil process: started with its parent's life, waited for, stopped with its state saved.

What anvil 1.7.1 was seen to do with `--state FILE`:
- SIGTERM: it dumps and exits within milliseconds. Blocks, transactions, receipts, logs, code and
  balances come back on the next start, and block time goes on with the wall clock. Transactions
  still waiting in the pool are lost: they must be sent again.
- SIGKILL: the chain comes back as of the last interval dump, so it may be older than what its
  users remember.
- Dumps overwrite the file in place (O_TRUNC, no rename): a power cut in that moment leaves a torn
  file, at which the next start exits with "failed to parse json file".
- Without `--prune-history` it writes each block's whole state below ~/.foundry/anvil/tmp and
  leaves it there: 1.7 GB after 5000 empty blocks.
"""

import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from airdrops_site.devnet.binary import find_anvil
from airdrops_site.devnet.errors import DevnetError, DevnetSilent
from airdrops_site.devnet.lifeline import die_with_parent
from airdrops_site.devnet.ports import HOST, require_free
from airdrops_site.devnet.rpc import DevnetRpc

START_SECONDS = 15.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.02
# Each kept state holds the hashes of all blocks: 32 cost some 10 MB per 1000 blocks.
KEPT_STATES = 32


@dataclass(frozen=True, slots=True)
class AnvilConfig:
    """What one network of the devnet is started with."""

    chain_id: int
    port: int
    log_file: Path
    block_time: float | None = None  # seconds between blocks; None mines each transaction at once
    state_file: Path | None = None
    state_interval: int = 5  # seconds between dumps
    slots_in_an_epoch: int = 1  # 1 makes `finalized` follow two blocks behind `latest`
    kept_states: int = KEPT_STATES

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def arguments(self) -> list[str]:
        """The command line, without the program's name."""
        pairs: dict[str, object] = {
            "--host": HOST,  # said aloud, or ANVIL_IP_ADDR could open it to the network
            "--port": self.port,
            "--chain-id": self.chain_id,
            "--slots-in-an-epoch": self.slots_in_an_epoch,
            "--prune-history": self.kept_states,
        }
        if self.block_time is not None:
            pairs["--block-time"] = self.block_time
        if self.state_file is not None:
            pairs |= {"--state": self.state_file, "--state-interval": self.state_interval}
        # Without --quiet the log holds the development keys and a line per request.
        return ["--quiet", *(str(part) for pair in pairs.items() for part in pair)]


@dataclass(slots=True)
class Anvil:
    """A running anvil and how to end it."""

    config: AnvilConfig
    process: subprocess.Popen[bytes]

    @classmethod
    def start(
        cls,
        config: AnvilConfig,
        *,
        binary: Path | None = None,
        timeout: float = START_SECONDS,
    ) -> "Anvil":
        """Start it and return once it answers with the right chain id."""
        program = binary or find_anvil()
        # anvil exits on a busy port only after another's answer could have been taken for its own.
        require_free(config.port)
        anvil = cls(config, _spawn(program, config))
        try:
            anvil._await_answer(timeout)
        except BaseException:
            anvil.stop()
            raise
        return anvil

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return self.config.url

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def stop(self, timeout: float = STOP_SECONDS) -> None:
        """End it; SIGTERM lets it save its state, SIGKILL follows when it does not end."""
        self.process.terminate()
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def require_running(self) -> None:
        """Raise a DevnetError that quotes the log if the process has ended."""
        if self.is_running:
            return
        said = self._complaint()
        if "failed to parse json file" in said:
            raise DevnetError(
                f"The saved state {self.config.state_file} of devnet {self.config.chain_id} is"
                " damaged, as after a power cut or on a full disk; `quickstart --reset` starts a"
                " fresh one."
            )
        raise DevnetError(
            f"anvil for devnet {self.config.chain_id} on port {self.config.port} ended with code"
            f" {self.process.returncode} ({said}); see {self.config.log_file} and start it again."
        )

    def _await_answer(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        with DevnetRpc(self.url, timeout=2) as rpc:
            while time.monotonic() < deadline:
                self.require_running()
                with suppress(DevnetSilent):
                    return rpc.require_chain_id(self.config.chain_id)
                time.sleep(POLL_SECONDS)
        raise DevnetError(
            f"anvil for devnet {self.config.chain_id} did not answer on port {self.config.port}"
            f" within {timeout:g} s ({self._complaint()}); see {self.config.log_file}."
        )

    def _complaint(self) -> str:
        """What it said last; its command line parser says the error first, then how to ask it."""
        text = self.config.log_file.read_text(errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        errors = [line for line in lines if line.lower().startswith("error")]
        return (errors or lines or ["it said nothing"])[-1]


def _spawn(program: Path, config: AnvilConfig) -> subprocess.Popen[bytes]:
    try:
        config.log_file.parent.mkdir(parents=True, exist_ok=True)
        if config.state_file is not None:  # into a missing folder anvil saves nothing, silently
            config.state_file.parent.mkdir(parents=True, exist_ok=True)
        with config.log_file.open("wb") as log:
            return subprocess.Popen(
                [program, *config.arguments()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C on the terminal is for the parent, which then ends its children in order.
                start_new_session=True,
                preexec_fn=die_with_parent(),
            )
    except OSError as error:
        raise DevnetError(
            f"anvil could not be started as {program} with its log in {config.log_file}:"
            f" {error.strerror}; check that both can be used."
        ) from error
