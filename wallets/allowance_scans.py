"""Asking a network about every wallet, token and known spender: at one block, in pieces."""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone
from eth_typing import ChecksumAddress

from wallets import leases
from wallets.actors import this_worker
from wallets.addresses import ZERO_ADDRESS, parse_address
from wallets.allowance_coverage import Scope, scope_of
from wallets.allowance_readings import keep_readings
from wallets.allowances import Reading, pairs, readings_at
from wallets.balances import watched_wallets
from wallets.chain.access import allowed_kinds
from wallets.chain.client import Block, NetworkClient
from wallets.chain.errors import ChainError, RpcUnavailable
from wallets.chain.multicall import CALLS_PER_REQUEST, Ground, find_ground
from wallets.models import AllowanceScan, Network, RpcEndpoint, Token, Wallet
from wallets.transitions import LostRace

# Nodes forget the state of older blocks: what stopped longer ago begins anew.
GO_ON_WITHIN = timedelta(minutes=10)
# A piece is far quicker; a process that was killed at one keeps others out no longer.
SCAN_LEASE = timedelta(seconds=60)
RETRY = timedelta(seconds=30)
KEPT_SCANS = 50
Progress = Callable[[AllowanceScan], object]


def networks_to_scan() -> QuerySet[Network]:
    """Networks this installation may ask, where there is a wallet and a token to ask about."""
    tokens = Token.objects.filter(network=OuterRef("pk"), enabled=True).exclude(address="")
    endpoints = RpcEndpoint.objects.filter(network=OuterRef("pk"), enabled=True, can_read=True)
    return Network.objects.filter(
        Exists(endpoints),
        Exists(tokens),
        Exists(watched_wallets()),
        enabled=True,
        kind__in=allowed_kinds(),
    )


def lease_name(network_id: int | str) -> str:
    """The lease of whoever scans a network."""
    return f"allowances:{network_id}"


def scan_allowances(
    *,
    network: Network,
    client: NetworkClient,
    spenders: Iterable[str] = (),
    seconds: float | None = None,
    progress: Progress = lambda _scan: None,
    at_once: bool = False,
) -> AllowanceScan | None:
    """Begin a scan, or go on with one that was left; None while another process is at it.

    None also until the interval has passed, unless `at_once`. It stops after so many seconds;
    whoever comes next goes on. ChainError when nobody answers: what was read by then is kept, and
    the scan is gone on with.
    """
    owner, name = this_worker(), lease_name(network.pk)
    if not leases.take(name, owner=owner, duration=SCAN_LEASE, rested=not at_once):
        return None
    interval = timedelta(seconds=settings.ALLOWANCE_SECONDS)
    pause = min(RETRY, interval)
    ends_at = time.monotonic() + seconds if seconds is not None else None
    try:
        scan = _scan_to_go_on(network, client, spenders) or _begin(network, client, spenders)
        while not (done := _scan_some(scan, client, owner)):
            progress(scan)
            leases.take(name, owner=owner, duration=SCAN_LEASE)
            if ends_at is not None and time.monotonic() >= ends_at:
                break
        pause = interval if done else timedelta(0)
    finally:
        leases.release(name, owner=owner, free_from=timezone.now() + pause)
    progress(scan)
    return scan


def _begin(network: Network, client: NetworkClient, spenders: Iterable[str]) -> AllowanceScan:
    AllowanceScan.objects.filter(network=network, finished_at=None).delete()
    scope, block = scope_of(network, spenders), find_ground(client, client.agree).block
    return AllowanceScan.objects.create(
        network=network,
        block_number=block.number,
        block_hash=block.hash,
        block_at=block.at,
        tokens=[token.pk for token in scope.tokens],
        spenders=list(scope.spenders),
    )


def _scan_to_go_on(
    network: Network, client: NetworkClient, spenders: Iterable[str]
) -> AllowanceScan | None:
    """The scan that was left, if its block is still there and the same is to be asked."""
    since = timezone.now() - GO_ON_WITHIN
    left = AllowanceScan.objects.filter(network=network, finished_at=None, begun_at__gt=since)
    scan = left.order_by("-id").first()
    if scan is None:
        return None
    scope = scope_of(network, spenders)
    same = set(scan.tokens) == {token.pk for token in scope.tokens}
    if not same or not set(scan.spenders) >= set(scope.spenders):
        return None
    try:
        is_there = client.block(scan.block_number).hash == scan.block_hash
        client.read("eth_getBalance", [ZERO_ADDRESS, hex(scan.block_number)])
    except ChainError:
        return None
    return scan if is_there else None


def _scan_some(scan: AllowanceScan, client: NetworkClient, actor: str) -> bool:
    """The next wallets, as many as fit into one request; whether there were none any more."""
    scope = _scope_again(scan)
    some = max(1, CALLS_PER_REQUEST // max(1, scope.each))
    following = watched_wallets().filter(pk__gt=scan.wallet_cursor).order_by("pk")
    wallets = list(following[:some])
    if not wallets:
        _finish(scan)
        return True
    wanted = pairs(wallets, scope.tokens, scope.spenders)
    block = Block(scan.block_number, scan.block_hash, scan.block_at, None)
    ground = Ground(block, _multicall(client))
    readings = list(readings_at(client, ground, wanted))
    if readings and all(one.amount is None for one in readings):
        _require_state(scan, client)
    _keep(scan, wallets[-1], readings, actor)
    return False


def _multicall(client: NetworkClient) -> ChecksumAddress | None:
    """The network's Multicall3, if it has one; where no code stands, calls answer nothing."""
    address = client.network.multicall_address
    return parse_address(address) if address else None


def _require_state(scan: AllowanceScan, client: NetworkClient) -> None:
    """Tell a node that has forgotten the block from tokens that do not answer."""
    try:
        client.read("eth_getBalance", [ZERO_ADDRESS, hex(scan.block_number)])
    except ChainError as error:
        AllowanceScan.objects.filter(pk=scan.pk).delete()
        sentence = f"block {scan.block_number} is not answered for any more: {error}"
        raise RpcUnavailable(f"{sentence}; the scan begins anew at a newer one") from error


def _scope_again(scan: AllowanceScan) -> Scope:
    tokens = Token.objects.filter(pk__in=scan.tokens).order_by("pk")
    return Scope(list(tokens), [parse_address(one) for one in scan.spenders])


def _keep(scan: AllowanceScan, last: Wallet, readings: Sequence[Reading], actor: str) -> None:
    unknown = sum(one.amount is None for one in readings)
    found = sum(bool(one.amount) for one in readings)
    with transaction.atomic():
        mine = AllowanceScan.objects.filter(pk=scan.pk, wallet_cursor=scan.wallet_cursor)
        moved = mine.update(
            wallet_cursor=last.pk,
            asked=F("asked") + len(readings),
            found=F("found") + found,
            unknown=F("unknown") + unknown,
        )
        if not moved:
            raise LostRace(f"another process goes on with scan {scan.pk}")
        keep_readings(readings, actor=actor)
    scan.refresh_from_db()


def _finish(scan: AllowanceScan) -> None:
    AllowanceScan.objects.filter(pk=scan.pk).update(finished_at=timezone.now())
    scan.refresh_from_db()
    kept = AllowanceScan.objects.filter(network=scan.network_id).order_by("-id")
    old = list(kept.values_list("pk", flat=True)[KEPT_SCANS:])
    AllowanceScan.objects.filter(pk__in=old).delete()
