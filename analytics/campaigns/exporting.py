"""Campaigns with who is entitled and what was claimed, as text: streamed, always the same bytes.

A JSON file is a list of records, a CSV has a line for each; campaigns come first. Rows of other
tables are named as everybody would: networks by slug, tokens `network:address` (`network:native`
for a coin), wallets by address, tasks by name.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection
from django.db import transaction as database
from django.db.models import QuerySet
from django.db.models.functions import Collate

from analytics.campaigns.fields import COLUMNS, FIELDS, as_cell, as_json, written
from analytics.models import Campaign, Claim, Eligibility
from wallets.models import Token

Record = tuple[str, dict[str, Any]]
NATIVE = "native"
_BATCH = 1000


def export(*, campaigns: QuerySet[Campaign], form: str) -> Iterator[str]:
    """The text in pieces; `form` is `json` or `csv`."""
    with database.atomic():
        yield from as_csv(records(campaigns)) if form == "csv" else as_list(records(campaigns))


def records(campaigns: QuerySet[Campaign]) -> Iterator[Record]:
    """Every row as its kind and its fields in JSON's values, in the order of names."""
    keys = list(campaigns.values_list("pk", flat=True))
    related = Campaign.objects.filter(pk__in=keys).select_related("protocol", "token__network")
    rows = related.prefetch_related("networks", "tasks").order_by("slug")
    for row in sorted(rows, key=lambda one: one.slug):
        yield _record("campaign", _campaign(row))
    yield from _eligibilities(keys)
    yield from _claims(keys)


def as_list(found: Iterable[Record]) -> Iterator[str]:
    """A JSON list, a record in each line."""
    yield "["
    between = "\n"
    for kind, values in found:
        yield between + as_json({"record": kind, **values})
        between = ",\n"
    yield "\n]\n"


def as_csv(found: Iterable[Record]) -> Iterator[str]:
    """A header, and a line for each record; what a kind has no column for stays empty."""
    yield _line(list(COLUMNS))
    for kind, values in found:
        cells = {one.name: as_cell(one, values[one.name]) for one in FIELDS[kind]}
        yield _line([kind, *(cells.get(name, "") for name in COLUMNS[1:])])


def token_name(token: Token | None) -> str | None:
    """`network:address`."""
    return f"{token.network.slug}:{token.address or NATIVE}" if token else None


def _line(cells: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _record(kind: str, values: dict[str, Any]) -> Record:
    return kind, {one.name: written(one, values[one.name]) for one in FIELDS[kind]}


def _campaign(row: Campaign) -> dict[str, Any]:
    plain = {one.name: getattr(row, one.name, None) for one in FIELDS["campaign"]}
    return plain | {
        "campaign": row.slug,
        "protocol": row.protocol.slug if row.protocol else None,
        "networks": sorted(network.slug for network in row.networks.all()),
        "token": token_name(row.token),
        "tasks": sorted(task.name for task in row.tasks.all()),
    }


def _eligibilities(keys: list[int]) -> Iterator[Record]:
    rows = Eligibility.objects.filter(campaign__in=keys)
    for row in _in_order(rows, "campaign__slug", "wallet__address"):
        yield _record("eligibility", row | {"wallet": row["wallet__address"]})


def _claims(keys: list[int]) -> Iterator[Record]:
    rows = Claim.objects.filter(campaign__in=keys)
    places = ("campaign__slug", "wallet__address", "network__slug", "contract")
    for row in _in_order(rows, *places):
        named = {"wallet": row["wallet__address"], "network": row["network__slug"]}
        yield _record("claim", row | named)


def _in_order(rows: QuerySet[Any], *places: str) -> Iterator[dict[str, Any]]:
    """Rows as values, by the bytes of what names them: databases sort texts in their own ways."""
    plain = [one.name for one in rows.model._meta.concrete_fields]
    collation = "C" if connection.vendor == "postgresql" else "BINARY"
    order = [Collate(place, collation) for place in places]
    outside = [place for place in places if "__" in place]
    for row in rows.order_by(*order).values(*plain, *outside).iterator(chunk_size=_BATCH):
        yield row | {"campaign": row["campaign__slug"]}
