"""What docs/go-live.md asks for before the first amount on a mainnet."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from airdrops_site.operations import last_done
from airdrops_site.preflight.chains import VERIFIED_WITHIN
from airdrops_site.preflight.lines import Line, failed, ok, warning
from analytics.models import Notification
from protocols.models import Deployment, Protocol
from wallets.models import Limit, Network, Transaction, Transition, Wallet
from wallets.services import STOP_HISTORY
from wallets.transactions.states import Outcome, TransactionState

STOP_TESTED_WITHIN = timedelta(days=30)
BACKED_UP_WITHIN = timedelta(days=1)
TEST_ALERT_WITHIN = timedelta(days=30)
# A first amount: 0.05 of the network's coin a day, in wei.
SMALL = 5 * 10**16
_K = Limit.Kind
# What must stand for every mainnet network, for it alone or for everything.
ASKED_LIMITS = (_K.MAX_FEE_PER_GAS, _K.MAX_DAY_FEES, _K.MAX_DAY_VALUE, _K.SECOND_PERSON)


def look_at_installation() -> Iterator[Line]:
    """The settings under which real money may move."""
    for is_right, sentence in (
        (settings.PRODUCTION, "AIRDROPS_ENV is not production"),
        (settings.CHAIN_ACCESS == "mainnet", "AIRDROPS_CHAIN_ACCESS is not mainnet"),
        (connection.vendor == "postgresql", "the database is not PostgreSQL; set DATABASE_URL"),
        (bool(settings.METRICS_TOKEN), "METRICS_TOKEN is not set: nothing can be watched"),
    ):
        if not is_right:
            yield failed("mainnet settings", sentence)
    if settings.SECOND_PERSON == "waived":
        told = "AIRDROPS_SECOND_PERSON is waived: one person alone can send everything anywhere"
        yield warning("second person", told)
    elif get_user_model().objects.filter(is_active=True, is_staff=True).count() < 2:
        told = "fewer than two persons have a login, so nobody could approve"
        yield failed("second person", f"{told}; see `manage.py roles`")
    else:
        yield ok("second person", "it is required, and there are two or more logins")


def look_at_limits() -> Iterator[Line]:
    """Each mainnet network has its ceilings, and the day's is small."""
    networks = list(Network.objects.filter(enabled=True, kind=Network.Kind.MAINNET))
    if not networks:
        yield failed("mainnet networks", "no mainnet network is enabled")
    limits = list(Limit.objects.filter(enabled=True, scope_kind__in=("everything", "network")))
    for network in networks:
        yield from _limits_of(network, [one for one in limits if _holds(one, network)])


def _holds(limit: Limit, network: Network) -> bool:
    return limit.scope_kind == "everything" or limit.scope_value == network.slug


def _limits_of(network: Network, limits: list[Limit]) -> Iterator[Line]:
    name = f"limits {network.slug}"
    has = {limit.kind for limit in limits}
    if missing := [kind.label for kind in ASKED_LIMITS if kind not in has]:
        yield failed(name, f"none of: {'; '.join(missing)}. Set them in the console, Limits")
        return
    day = min(limit.amount for limit in limits if limit.kind == _K.MAX_DAY_VALUE)
    if day > SMALL:
        told = f"a day may move {day} wei, more than a first amount of {SMALL}"
        yield warning(name, f"{told}; lower it until the first days went well")
    else:
        yield ok(name, f"fees and amounts have ceilings, a day's is {day} wei")


def look_at_wallet_limits() -> Iterator[Line]:
    """Each wallet that signs has a cap a day, of its own or of all."""
    caps = Limit.objects.filter(enabled=True, kind=_K.MAX_WALLET_DAY_VALUE)
    if caps.filter(scope_kind="everything").exists():
        yield ok("limits of wallets", "each wallet has a cap a day")
        return
    own = caps.filter(scope_kind="wallet").values("scope_value")
    bare = _signing_wallets().exclude(label__in=own)
    networks = Network.objects.filter(enabled=True, kind=Network.Kind.MAINNET)
    covered = caps.filter(scope_kind="network", scope_value__in=networks.values("slug"))
    # Where no mainnet is enabled yet, there is none whose cap could hold for all.
    whole = networks.exists() and covered.count() >= networks.count()
    if (count := bare.count()) and not whole:
        told = f"{count} wallets have no “{_K.MAX_WALLET_DAY_VALUE.label}”, like {bare[0].label}"
        yield failed("limits of wallets", f"{told}; set one for everything or for each")
    else:
        yield ok("limits of wallets", "each wallet has a cap a day")


def _signing_wallets() -> QuerySet[Wallet]:
    return Wallet.objects.filter(status=Wallet.Status.VERIFIED).exclude(
        signer_kind=Wallet.SignerKind.WATCH_ONLY
    )


def look_at_key_kinds() -> Iterator[Line]:
    """No key of real money in a variable."""
    kind = Wallet.SignerKind.ENVIRONMENT
    if count := _signing_wallets().filter(signer_kind=kind).count():
        told = f"{count} wallets have their keys in environment variables"
        yield failed("key kinds", f"{told}; move them: `manage.py wallets import-env --keystores`")
    else:
        yield ok("key kinds", "no key is in an environment variable")


def look_at_endpoints() -> Iterator[Line]:
    """One endpoint alone is believed, whatever it says."""
    counted = Network.objects.filter(enabled=True, kind=Network.Kind.MAINNET).annotate(
        readable=Count("endpoints", filter=Q(endpoints__enabled=True, endpoints__can_read=True))
    )
    for network in counted.filter(readable__lt=2):
        told = f"{network.slug} has {network.readable} endpoints to read from"
        yield warning(
            "endpoints", f"{told}; with two, of different providers, none is believed alone"
        )


def look_at_stop() -> Iterator[Line]:
    """A stop that was never pulled is a hope."""
    since = timezone.now() - STOP_TESTED_WITHIN
    lifted = Transition.objects.filter(subject=STOP_HISTORY, to_state="lifted", at__gte=since)
    if lifted.exists():
        yield ok("stop", "it was pulled and lifted within 30 days")
    else:
        told = "nobody pulled and lifted it within 30 days"
        yield failed("stop", f"{told}; try `manage.py emergency stop`, then `resume`")


def look_at_recovery() -> Iterator[Line]:
    """A backup that was made and read again within a day."""
    done, since = last_done(), timezone.now() - BACKED_UP_WITHIN
    for kind, word, command in (
        ("backup", "made", "backup_state"),
        ("backup_verification", "verified", "backup_state --verify FILE"),
    ):
        name = f"backup {word}"
        if kind not in done or done[kind] < since:
            told = f"no backup was {word} within a day"
            yield failed(name, f"{told}; run `manage.py {command}`")
        else:
            yield ok(name, f"at {done[kind]:%Y-%m-%d %H:%M} UTC")


def look_at_rehearsal() -> Iterator[Line]:
    """Every protocol that is to run on a mainnet has succeeded on a testnet, to the end."""
    mainnet = Q(enabled=True, networks__enabled=True, networks__kind=Network.Kind.MAINNET)
    for protocol in Protocol.objects.filter(mainnet).distinct():
        went_well = Transaction.objects.filter(
            protocol=protocol.slug,
            network__kind=Network.Kind.TESTNET,
            state=TransactionState.FINAL,
            outcome=Outcome.SUCCEEDED,
        )
        name = f"rehearsal {protocol.slug}"
        if went_well.exists():
            yield ok(name, "a transaction of it is final on a testnet")
        else:
            yield failed(name, "no transaction of it is final on a testnet; run its tasks there")


def look_at_mainnet_deployments() -> Iterator[Line]:
    """What is called with real money was looked at within a day, and nobody doubts it."""
    rows = Deployment.objects.filter(
        enabled=True, network__enabled=True, network__kind=Network.Kind.MAINNET
    )
    old = rows.exclude(verified_at__gte=timezone.now() - VERIFIED_WITHIN).count()
    if old:
        told = f"{old} enabled mainnet contracts were not seen on chain within a day"
        yield failed("mainnet deployments", f"{told}; run `manage.py deployments verify`")
    elif not rows.exists():
        yield warning("mainnet deployments", "no contract is enabled on a mainnet")
    else:
        yield ok("mainnet deployments", f"{rows.count()} were seen on chain within a day")


def look_at_test_alert() -> Iterator[Line]:
    """Whether somebody is really told."""
    sent = Notification.objects.filter(
        kind=Notification.Kind.TEST,
        state=Notification.State.SENT,
        sent_at__gte=timezone.now() - TEST_ALERT_WITHIN,
    )
    channels = sorted(set(sent.values_list("channel", flat=True)))
    if channels:
        told = f"channels took one within {TEST_ALERT_WITHIN.days} days: {', '.join(channels)}"
        yield ok("test alert", f"{told}; only a person knows whether it arrived")
        return
    told = f"no channel took one within {TEST_ALERT_WITHIN.days} days"
    yield failed("test alert", f"{told}; send one with `manage.py alerts test`")
