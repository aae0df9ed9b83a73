"""An installed protocol that needs no chain: it pays, or waits until a time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.models import Protocol
from protocols.registry import adapters

CODE = """
from datetime import datetime
from protocols.actions import *
from protocols.params import ActionParams, Address, Amount

class Pay(Action):
    slug, title = "pay", "Pay"

    class Params(ActionParams):
        to: Address
        amount: Amount = 1

    def plan(self, ctx, params):
        return Plan((Call("pay", params.to, value=params.amount),), "pay")

    def settle(self, ctx, params, receipt):
        return Settlement()

class Sleep(Action):
    slug, title = "sleep", "Sleep"

    class Params(ActionParams):
        until: datetime

    def plan(self, ctx, params):
        return Plan((Wait("time", "time", {}, 0, 3600),), "sleep")

    def look(self, ctx, params, wait, progress):
        return {"at": ctx.now.isoformat()} if ctx.now >= params.until else None

    def settle(self, ctx, params, receipt):
        return Settlement()

ADAPTER = Adapter.of("errands", "Errands", [Pay(), Sleep()], package=__name__)
"""


def install(folder: Path) -> None:
    """Make a folder of the path bring the protocol."""
    (folder / "errands_adapter.py").write_text(CODE)
    metadata = folder / "errands-1.0.dist-info"
    metadata.mkdir(exist_ok=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: errands\nVersion: 1.0\n")
    point = "[airdrops.protocols]\nerrands = errands_adapter:ADAPTER\n"
    (metadata / "entry_points.txt").write_text(point)


@pytest.fixture
def errands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The protocol, for one test."""
    install(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    adapters.cache_clear()
    Protocol.objects.create(slug="errands", name="Errands")
    yield
    monkeypatch.undo()
    adapters.cache_clear()
