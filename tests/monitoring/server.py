"""A real Prometheus with our rules, over a history and quick to look."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from airdrops_site.devnet.ports import free_port
from tests.monitoring import kit
from tests.processes import eventually


@dataclass(frozen=True, slots=True)
class Prometheus:
    """One that runs; its answers as Python values."""

    url: str

    def get(self, path: str, **parameters: str) -> Any:
        """The data of an answer of its API."""
        answer = httpx.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def ask(self, expression: str) -> list[Any]:
        """What the expression gives now."""
        found: list[Any] = self.get("query", query=expression)["result"]
        return found

    def rules(self) -> dict[str, dict[str, Any]]:
        """Every rule by name, as last evaluated."""
        groups = self.get("rules")["groups"]
        return {rule["name"]: rule for group in groups for rule in group["rules"]}


def write_configuration(
    folder: Path, *, scenario: str, targets: list[str], token: str, alertmanager: str = ""
) -> None:
    """Ours, looking every second; the scenario keeps the labels that it has."""
    (folder / "secrets").mkdir(exist_ok=True)
    (folder / "secrets" / "metrics_token").write_text(token)
    found = kit.load(kit.FOLDER / "prometheus.yml")
    found["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    ours = next(job for job in found["scrape_configs"] if job["job_name"] == "airdrops")
    del ours["file_sd_configs"]
    ours["static_configs"] = [{"targets": targets}]
    # A page takes a busy machine longer than a second, and the interval is the longest timeout.
    ours |= {"scrape_interval": "5s", "scrape_timeout": "5s"}
    told = {"job_name": "scenario", "honor_labels": True}
    told |= {"static_configs": [{"targets": [scenario]}]}
    found["scrape_configs"] = [ours, told]
    managers = [{"static_configs": [{"targets": [alertmanager]}]}] if alertmanager else []
    found["alerting"] = {"alertmanagers": managers}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(found))
    (folder / "rules").mkdir()
    for path in kit.RULES:
        groups = kit.load(path)["groups"]
        quick = {"groups": [{**group, "interval": "1s"} for group in groups]}
        (folder / "rules" / path.name).write_text(yaml.safe_dump(quick))


def remember(folder: Path, history: str) -> None:
    """Lets it find this past, in OpenMetrics' text format."""
    text = folder / "history.txt"
    text.write_text(history)
    command = ["promtool", "tsdb", "create-blocks-from", "--max-block-duration=48h", "openmetrics"]
    # The text is read once for each block, so one block it is.
    subprocess.run([*command, str(text), str(folder / "data")], check=True, capture_output=True)


@contextmanager
def prometheus(folder: Path) -> Iterator[Prometheus]:
    """It runs over the folder's configuration and data, until the block ends."""
    address = f"127.0.0.1:{free_port()}"
    command = ["prometheus", f"--config.file={folder / 'prometheus.yml'}"]
    command += [f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={address}"]
    with running(command, address, log=folder / "prometheus.log"):
        yield Prometheus(f"http://{address}")


@contextmanager
def running(command: list[str], address: str, *, log: Path) -> Iterator[None]:
    """One of the kit's programs, once it says that it is ready, until the block ends."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        assert eventually(lambda: _ready(address)), log.read_text()
        yield
    finally:
        process.terminate()
        process.wait(20)


def _ready(address: str) -> bool:
    try:
        return httpx.get(f"http://{address}/-/ready", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
