"""Preflight says what a start relies on, in words, and changes nothing."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from airdrops_site.models import Operation
from airdrops_site.preflight import mainnet
from airdrops_site.preflight.lines import Line, State, exit_code, lines_of
from airdrops_site.preflight.looks import Part, take_preflight
from airdrops_site.preflight.machine import differing_packages
from analytics.models import Notification
from protocols.models import Deployment
from tests import factories
from tests.airdrops_site.conftest import NOWHERE
from tests.airdrops_site.guides import run
from wallets.models import Limit, Network, RpcEndpoint, Transition, Wallet
from wallets.services import engage_stop, lift_stop
from wallets.triggers import archive_door

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def by_name(lines: list[Line]) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.name, []).append(line)
    return found


def states(lines: list[Line]) -> dict[str, set[str]]:
    return {name: {str(one.state) for one in found} for name, found in by_name(lines).items()}


def test_a_worker_on_a_real_chain_with_a_key_may_start(wallet: Wallet) -> None:
    lines = take_preflight([Part.WORKER])
    found = states(lines)
    fine = ("settings", "versions", "database", "network devnet-l1", "keys", "stop file")
    assert {name: found[name] for name in fine} == {name: {"ok"} for name in fine}
    assert exit_code(lines) == 1
    code, said = run("manage.py preflight --worker --to-start --json")
    assert (code, '"sentence"' in said) == (0, True)


def test_a_key_that_cannot_be_opened_fails(wallet: Wallet, keystores: Path) -> None:
    (keystores / "passphrase").write_text("another")
    found = by_name(take_preflight([Part.WORKER]))["keys"]
    assert [line.state for line in found] == [State.FAILED]
    assert "another" not in found[0].sentence


def test_the_web_opens_no_key_and_may_hold_none(
    wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WALLET_PRIVATE_KEY_MAIN", "ab" * 32)
    found = by_name(take_preflight([Part.WEB]))
    assert "keys" not in found
    assert found["signing"][0].state == State.FAILED
    assert "ab" * 32 not in found["signing"][0].sentence


def test_the_wrong_chain_fails_and_a_silent_one_is_unknown(network: Network) -> None:
    Network.objects.update(chain_id=99)
    RpcEndpoint.objects.create(network=network, name="gone", url=NOWHERE)
    found = by_name(take_preflight([]))["network devnet-l1"]
    assert {line.state for line in found} == {State.FAILED, State.UNKNOWN}


def test_what_cannot_be_looked_at_is_unknown_and_repeats_nothing() -> None:
    def broken() -> list[Line]:
        raise OSError("a path with a secret")

    (line,) = lines_of("x", broken)
    assert (line.state, "secret" in line.sentence) == (State.UNKNOWN, False)


def test_a_package_of_another_version_than_the_lock_is_named() -> None:
    source = {"registry": "x"}
    lock = {"package": [{"name": "django", "version": "0.9", "source": source}]}
    (told,) = differing_packages(lock)
    assert told.endswith("(lock: 0.9)")


def ready_for_mainnet(settings: Settings) -> Network:
    """Everything that docs/go-live.md asks for but PostgreSQL, which the suite's phase decides."""
    settings.PRODUCTION, settings.CHAIN_ACCESS, settings.METRICS_TOKEN = True, "mainnet", "a token"
    settings.SECOND_PERSON = "required"
    testnet, network = (
        factories.NetworkFactory.create(kind=kind) for kind in ("testnet", "mainnet")
    )
    for name in ("ann", "ben"):
        User.objects.create_user(name, is_staff=True)
    for number in (1, 2):
        RpcEndpoint.objects.create(network=network, name=f"rpc-{number}", url=NOWHERE)
    for kind in (*mainnet.ASKED_LIMITS, Limit.Kind.MAX_WALLET_DAY_VALUE):
        Limit.objects.create(kind=kind, scope_kind="everything", amount=10**16)
    protocol = factories.ProtocolFactory.create(slug="evm")
    protocol.networks.set([testnet, network])
    rehearsed(testnet)
    now = timezone.now()
    factories.DeploymentFactory.create(
        protocol=protocol, network=network, enabled=True, verified_at=now
    )
    engage_stop(reason="a test", actor="ann")
    lift_stop(reason="it works", actor="ann")
    for done in (Operation.Kind.BACKUP, Operation.Kind.BACKUP_VERIFICATION):
        factories.OperationFactory.create(kind=done, started_at=now, ended_at=now)
    factories.NotificationFactory.create(alert=None, kind="test", state="sent", sent_at=now)
    return network


def rehearsed(testnet: Network) -> None:
    lane = factories.NonceLaneFactory.create(network=testnet)
    factories.TransactionFactory.create(
        lane=lane, network=testnet, protocol="evm", state="final", outcome="succeeded", nonce=0
    )


def mainnet_lines() -> list[Line]:
    names = ("mainnet", "limits", "key kinds", "endpoints", "rehearsal", "stop", "backup")
    more = ("second", "test alert")
    lines = take_preflight([], for_mainnet=True)
    return [line for line in lines if line.name.startswith((*names, *more))]


def test_what_go_live_asks_for_is_enough(settings: Settings) -> None:
    ready_for_mainnet(settings)
    left = {line.sentence for line in mainnet_lines() if line.state != State.OK}
    assert left <= {"the database is not PostgreSQL; set DATABASE_URL"}


def forget_the_stop() -> None:
    with archive_door():
        Transition.objects.filter(subject="stop").delete()


LONG_AGO = timezone.now() - timedelta(days=40)
# What is taken away, and the line that then fails.
MISSING: dict[str, Callable[[], object]] = {
    "limits": lambda: Limit.objects.filter(kind="max_day_fees").update(enabled=False),
    "limits of wallets": lambda: Limit.objects.filter(kind="max_wallet_day_value").delete(),
    "rehearsal evm": lambda: Network.objects.filter(kind="testnet").update(kind="devnet"),
    "stop": forget_the_stop,
    "backup made": lambda: Operation.objects.update(started_at=LONG_AGO, ended_at=LONG_AGO),
    "backup verified": lambda: Operation.objects.filter(kind="backup_verification").delete(),
    "test alert": lambda: Notification.objects.update(sent_at=LONG_AGO),
    "second person": lambda: User.objects.filter(username="ben").update(is_active=False),
    "key kinds": lambda: Wallet.objects.update(signer_kind="environment"),
    "mainnet deployments": lambda: Deployment.objects.update(verified_at=None),
}


@pytest.mark.parametrize("name", MISSING)
def test_each_thing_that_is_missing_fails_by_name(settings: Settings, name: str) -> None:
    ready_for_mainnet(settings)
    MISSING[name]()
    told = [one.name for one in mainnet_lines() if one.state == State.FAILED]
    assert any(one.startswith(name) for one in told), told


def test_a_wallet_without_a_cap_fails_before_any_mainnet_is_enabled(settings: Settings) -> None:
    ready_for_mainnet(settings)
    Limit.objects.filter(kind="max_wallet_day_value").delete()
    Network.objects.filter(kind="mainnet").update(enabled=False)
    assert "limits of wallets" in [one.name for one in mainnet_lines() if one.state == State.FAILED]
