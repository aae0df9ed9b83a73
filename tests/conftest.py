"""What every test may use: the database, and chains of its own."""

import os
from collections.abc import Iterator
from pathlib import Path
from time import time
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.core import serializers
from django.db import connection, transaction
from django.db.models import Model
from pytest_django.plugin import blocking_manager_key

from airdrops_site.devnet.anvil import Anvil, AnvilConfig
from airdrops_site.devnet.ports import free_port
from airdrops_site.devnet.rpc import DevnetRpc
from tests.chains import Chain, make_network, make_wallet
from wallets import triggers
from wallets.models import Network, Wallet
from wallets.signers.loading import become_signing_process
from wallets.transactions import market

# Hundreds of processes are started: each would compile all of our modules anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

pytest_plugins = ["tests.market", "tests.scheduling.ferry"]

# How long it takes to think of an example tells of the machine, not of a rule.
hypothesis.settings.register_profile(
    "suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("suite")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: some tests wait for processes of theirs."""
    return (os.cpu_count() or 1) + 1


# They wait for processes of their own, up to two minutes: at the end nothing would run beside them.
_FIRST = ("test_quickstart.py", "test_startprotocol.py")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests first."""
    items.sort(key=lambda item: item.path.name not in _FIRST)


def _is_transactional(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    return bool(marker and marker.kwargs.get("transaction"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """What migrations left, rows and triggers, is put back after the tables were emptied.

    Django does so before the next transactional test; a worker may take over others before.
    """
    yield
    if nextitem is not None and _is_transactional(item):
        with item.config.stash[blocking_manager_key].unblock():
            contents: str = connection._test_serialized_contents  # type: ignore[attr-defined]
            connection.creation.deserialize_db_from_string(contents)
            triggers.ensure(connection)


@pytest.fixture(autouse=True)
def _append_only_tables_can_be_flushed(request: pytest.FixtureRequest) -> Iterator[None]:
    """After a transactional test every table is emptied, which the triggers forbid."""
    if not _is_transactional(request.node):
        yield
        return
    # Set up first, so that it is torn down, and empties the tables, last.
    request.getfixturevalue("transactional_db")
    triggers.ensure(connection)
    yield
    with connection.schema_editor() as editor:
        triggers.remove(editor)


@pytest.fixture(scope="session", autouse=True)
def _restore_at_once() -> Iterator[None]:
    """What migrations left is put back after each transactional test: in a few statements.

    Django saves each of these three hundred rows by itself.
    """
    kept: dict[type[Model], list[Model]] = {}

    def restore(text: str) -> None:
        if not kept:
            for one in serializers.deserialize("json", text):
                kept.setdefault(type(one.object), []).append(one.object)
        with transaction.atomic(), connection.constraint_checks_disabled():
            for model, rows in kept.items():
                others = [one.name for one in model._meta.local_fields if not one.primary_key]
                # Before the first such test they are there.
                model._base_manager.bulk_create(
                    rows, update_conflicts=True, unique_fields=["pk"], update_fields=others
                )

    with pytest.MonkeyPatch.context() as django:
        django.setattr(connection.creation, "deserialize_db_from_string", restore)
        yield


@pytest.fixture(scope="session")
def anvil(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anvil]:
    """A chain of this worker's own, mining only when told."""
    folder: Path = tmp_path_factory.mktemp("anvil")
    # A reorganisation needs the state before it, which others' blocks may have pushed out.
    config = AnvilConfig(
        chain_id=31337, port=free_port(), log_file=folder / "anvil.log", kept_states=4000
    )
    with Anvil.start(config) as running:
        with DevnetRpc(running.url) as rpc:
            rpc.call("evm_setAutomine", False)
        yield running


@pytest.fixture
def chain(anvil: Anvil) -> Iterator[Chain]:
    """The chain, as it was before once the test is over."""
    with DevnetRpc(anvil.url) as rpc:
        snapshot: Any = rpc.call("evm_snapshot")
        market.forget()
        # Reverting to a snapshot does not undo how the test before had it mine.
        rpc.call("evm_setIntervalMining", 0)
        rpc.call("evm_setAutomine", False)
        # Nor the base fee that it may have raised.
        rpc.call("anvil_setNextBlockBaseFeePerGas", hex(10**9))
        # And it sets the clock back to the snapshot's: hours late at the end of a long run.
        rpc.call("evm_setTime", int(time()))
        yield Chain(anvil.url, rpc)
        rpc.call("evm_revert", snapshot)


@pytest.fixture
def keystores(tmp_path: Path) -> Path:
    """A folder of keystores with a passphrase, in a process that may sign."""
    settings.KEYSTORE_DIR = tmp_path / "keystores"
    settings.KEYSTORE_PASSPHRASE_FILE = tmp_path / "passphrase"
    settings.KEYSTORE_PASSPHRASE_FILE.write_text("a passphrase of the tests")
    become_signing_process()
    return tmp_path


@pytest.fixture
def network(db: None, chain: Chain) -> Network:
    """The chain as a network of ours."""
    return make_network(chain)


@pytest.fixture
def wallet(network: Network, chain: Chain, keystores: Path) -> Wallet:
    """A verified wallet with 10 ETH."""
    return make_wallet("first", chain)


@pytest.fixture
def other_wallet(network: Network, chain: Chain, keystores: Path) -> Wallet:
    """Another wallet of ours, empty."""
    return make_wallet("second", chain, ether=0)
