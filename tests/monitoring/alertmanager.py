"""A real Alertmanager with our routes, whose pager, chat and mail are servers of the tests' own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from airdrops_site.devnet.ports import free_port
from tests.analytics.alerts.receivers import Mailbox, Receiver
from tests.monitoring import kit
from tests.monitoring.server import running

ROUTING_KEY = "routing-key-of-the-tests"
_QUICK = {"group_wait": "300ms", "group_interval": "1s"}


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """One that runs, and what it has delivered."""

    address: str
    pager: Receiver
    chat: Receiver
    mails: list[str]

    def take(self, *alerts: dict[str, str]) -> None:
        """Alerts with these labels, all at once, as Prometheus would send them."""
        told = [{"labels": labels, "annotations": {"summary": "a probe"}} for labels in alerts]
        httpx.post(f"http://{self.address}/api/v2/alerts", json=told).raise_for_status()

    def paged(self, action: str) -> str:
        """What the pager was told of this kind, `trigger` or `resolve`."""
        found = [json.loads(body) for body in self.pager.bodies]
        assert {one["routing_key"] for one in found} <= {ROUTING_KEY}
        return json.dumps([one for one in found if one["event_action"] == action])

    def said(self) -> list[str]:
        """The messages in the chat."""
        return [body.decode() for body in self.chat.bodies]


def write_configuration(folder: Path, *, pager: int, chat: int, mail: int) -> None:
    """Ours without the patience, told where this machine's pager, chat and mail are."""
    found = kit.load(kit.FOLDER / "alertmanager.yml")
    found["global"] |= {
        "smtp_smarthost": f"127.0.0.1:{mail}",
        "pagerduty_url": f"http://127.0.0.1:{pager}/v2/enqueue",
    }
    _hurry(found["route"])
    secrets = folder / "secrets"
    secrets.mkdir(exist_ok=True)
    (secrets / "pagerduty_routing_key").write_text(ROUTING_KEY)
    (secrets / "slack_url").write_text(f"http://127.0.0.1:{chat}/services/x")
    text = yaml.safe_dump(found).replace(kit.SECRETS, str(secrets))
    (folder / "alertmanager.yml").write_text(text)


def _hurry(route: dict[str, Any]) -> None:
    route |= _QUICK
    for child in route.get("routes", ()):
        _hurry(child)


@contextmanager
def alertmanager(folder: Path) -> Iterator[Alertmanager]:
    """It runs with our routes until the block ends."""
    address = f"127.0.0.1:{free_port()}"
    command = ["prometheus-alertmanager", f"--config.file={folder / 'alertmanager.yml'}"]
    command += [f"--storage.path={folder / 'alerts'}", f"--web.listen-address={address}"]
    # Alone: it has no others to agree with.
    command.append("--cluster.listen-address=")
    with Receiver.start() as pager, Receiver.start() as chat, Mailbox.start() as mailbox:
        write_configuration(folder, pager=pager.port, chat=chat.port, mail=mailbox.port)
        with running(command, address, log=folder / "alertmanager.log"):
            yield Alertmanager(address, pager, chat, mailbox.mails)
