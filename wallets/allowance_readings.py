"""Keeping what was read of many allowances, and the history of what changed."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from wallets.allowances import AllowanceOf, Reading, read_allowances
from wallets.amounts import show_amount
from wallets.chain.client import NetworkClient
from wallets.models import Allowance, Token
from wallets.transitions import recorded, recorded_all

# What the history calls them.
ALLOWANCE_HISTORY = "allowance"
ROWS_AT_ONCE = 100
Key = tuple[int, int, str, str]


def check_allowances(
    *, wanted: Sequence[AllowanceOf], client: NetworkClient, actor: str
) -> list[Reading]:
    """Ask the network about these now, and keep what it says."""
    readings = read_allowances(wanted=wanted, client=client)
    keep_readings(readings, actor=actor)
    return readings


def keep_readings(readings: Sequence[Reading], *, actor: str) -> None:
    """Write what was read, the unanswered as unknown; what is zero and never was more has no row.

    A row that knows of a later block stays as it is.
    """
    now = timezone.now()
    with transaction.atomic():
        rows = _locked(readings)
        told = [one for one in readings if one.of.key in rows or one.amount != 0]
        new = [one for one in told if one.of.key not in rows]
        old = [(rows[one.of.key], one) for one in told if one.of.key in rows]
        later = [pair for pair in old if pair[0].block_number <= pair[1].block_number]
        changed = [(row, one) for row, one in later if not _is_same(row, one)]
        same = [row for row, one in later if _is_same(row, one)]
        _create(new, now, actor)
        _change(changed, now, actor)
        _update(same, {one.of.key: one for one in told}, now)


def describe(amount: int | None, *, unlimited: bool) -> str:
    """An allowance in a word."""
    if amount is None:
        return "unknown"
    return ("unlimited" if unlimited else "open") if amount else "none"


def state_of(row: Allowance) -> str:
    """How the row's allowance stands, in a word."""
    return describe(row.amount, unlimited=row.is_unlimited)


def show_allowance(row: Allowance, token: Token) -> str:
    """What may be taken, for a person."""
    if row.amount is None:
        return f"unknown {token.symbol}"
    if row.is_unlimited:
        return f"unlimited {token.symbol}"
    return show_amount(row.amount, token.decimals, token.symbol)


def note(row: Allowance, *, actor: str, reason: str) -> None:
    """Write into an allowance's history what was asked of it or found out."""
    state = state_of(row)
    recorded(ALLOWANCE_HISTORY, row.pk, state, state, actor=actor, reason=reason)


def _locked(readings: Iterable[Reading]) -> dict[Key, Allowance]:
    wallets = {one.of.wallet.pk for one in readings}
    tokens = {one.of.token.pk for one in readings}
    rows = Allowance.objects.select_for_update().filter(token__in=tokens)
    found: dict[Key, Allowance] = {}
    some = sorted(wallets)
    for start in range(0, len(some), ROWS_AT_ONCE):
        here = rows.filter(wallet__in=some[start : start + ROWS_AT_ONCE]).order_by("pk")
        found |= {_key(row): row for row in here}
    return found


def _key(row: Allowance) -> Key:
    return row.wallet_id, row.token_id, row.spender, row.through


def _is_same(row: Allowance, reading: Reading) -> bool:
    return (row.amount, row.expires_at) == (reading.amount, reading.expires_at)


def _create(readings: Sequence[Reading], now: datetime, actor: str) -> None:
    made = [
        Allowance(
            wallet=one.of.wallet,
            token=one.of.token,
            spender=one.of.spender,
            through=one.of.through,
            amount=one.amount,
            expires_at=one.expires_at,
            block_number=one.block_number,
            checked_at=now,
        )
        for one in readings
    ]
    # One that another process has written meanwhile stays: the next reading sees it.
    Allowance.objects.bulk_create(made, batch_size=ROWS_AT_ONCE, ignore_conflicts=True)
    if not made:
        return
    rows = _locked(readings)
    lines = [(rows[one.of.key], "", one) for one in readings if one.of.key in rows]
    _tell(lines, actor)


def _change(pairs: Sequence[tuple[Allowance, Reading]], now: datetime, actor: str) -> None:
    lines = [(row, state_of(row), one) for row, one in pairs]
    for row, one in pairs:
        row.amount, row.expires_at = one.amount, one.expires_at
    _update([row for row, _ in pairs], {one.of.key: one for _, one in pairs}, now)
    _tell(lines, actor)


def _update(rows: Sequence[Allowance], readings: dict[Key, Reading], now: datetime) -> None:
    for row in rows:
        row.block_number, row.checked_at = readings[_key(row)].block_number, now
    fields = ("amount", "expires_at", "block_number", "checked_at")
    Allowance.objects.bulk_update(rows, fields, batch_size=ROWS_AT_ONCE)


def _tell(lines: Iterable[tuple[Allowance, str, Reading]], actor: str) -> None:
    """A line of history for each; those with the same words are written together."""
    alike: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for row, before, one in lines:
        reason = f"{show_allowance(row, one.of.token)} at block {one.block_number}"
        if one.problem:
            reason = f"{reason}: {one.problem}"
        alike[before, state_of(row), reason].append(row.pk)
    for (old, new, reason), keys in alike.items():
        recorded_all(ALLOWANCE_HISTORY, keys, old, new, reason=reason, actor=actor)
