"""What people say about wallets: one fact of some wallets, or a file of them."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation, localcontext

from django.db import transaction as database
from django.utils import timezone

from analytics.criteria import ranges
from analytics.criteria.library import CriteriaError
from analytics.models import Attestation
from wallets.models import Wallet

COLUMNS = ("wallet", "fact", "value", "source")
_FACT = re.compile(r"[a-z][a-z0-9-]{0,47}")
_MOST = Decimal(10) ** 19


@dataclass(frozen=True, slots=True)
class Stated:
    """What a line says; `where` it stands, for what is wrong with it."""

    wallet: str
    fact: str
    value: str
    source: str
    where: str


def attest(stated: Iterable[Stated], *, actor: str, dry_run: bool = False) -> int:
    """Keep them all or, with one CriteriaError, none. What was said before is replaced."""
    ids = dict(Wallet.objects.values_list("label", "pk"))
    ids |= dict(Wallet.objects.values_list("address", "pk"))
    now = timezone.now()
    rows: dict[tuple[int, str], Attestation] = {}
    for one in stated:
        row = Attestation(
            wallet_id=_wallet(one, ids),
            fact=_fact(one),
            value=_value(one),
            source=_source(one),
            attested_by=actor,
            attested_at=now,
        )
        if (key := (row.wallet_id, row.fact)) in rows:
            raise CriteriaError(f"{one.where}: {one.fact} of {one.wallet} is stated twice")
        rows[key] = row
    if not dry_run:
        _keep(rows.values())
    return len(rows)


def read_statements(text: str, where: str) -> Iterator[Stated]:
    """Of a CSV file with the columns wallet, fact, value, source."""
    reader = csv.DictReader(io.StringIO(text))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise CriteriaError(f"{where}: the first line must be {','.join(COLUMNS)}")
    for row in reader:
        line = f"{where}, line {reader.line_num}"
        if None in row or None in row.values():
            raise CriteriaError(f"{line}: there must be {len(COLUMNS)} fields")
        wallet, fact, value, source = (row[name].strip() for name in COLUMNS)
        yield Stated(wallet, fact, value, source, line)


def _keep(rows: Iterable[Attestation]) -> None:
    with database.atomic():
        Attestation.objects.bulk_create(
            rows,
            batch_size=500,
            update_conflicts=True,
            unique_fields=("wallet", "fact"),
            update_fields=("value", "source", "attested_by", "attested_at"),
        )


def _wallet(one: Stated, ids: dict[str, int]) -> int:
    if one.wallet not in ids:
        raise CriteriaError(f"{one.where}: no wallet has the label or address {one.wallet!r}")
    return ids[one.wallet]


def _fact(one: Stated) -> str:
    if not _FACT.fullmatch(one.fact):
        raise CriteriaError(
            f"{one.where}: {one.fact!r} names no fact; write it as the rule set does, "
            "such as hop-sybil"
        )
    return one.fact


def _value(one: Stated) -> Decimal:
    told = {"yes": "1", "no": "0"}.get(one.value.lower(), one.value)
    try:
        value = Decimal(told)
    except InvalidOperation:
        value = Decimal(-1)
    if not (value.is_finite() and 0 <= value < _MOST and _fits(value)):
        raise CriteriaError(
            f"{one.where}: the value {one.value!r} is no number from 0 on with at most 18 "
            "decimals, nor yes or no"
        )
    return value


def _fits(value: Decimal) -> bool:
    with localcontext(prec=ranges.PRECISION):  # of 38 digits that may be, the usual 28 are too few
        return value == round(value, 18)


def _source(one: Stated) -> str:
    if not one.source or len(one.source) > 300:
        raise CriteriaError(
            f"{one.where}: say in at most 300 characters where {one.fact} can be looked up"
        )
    return one.source
