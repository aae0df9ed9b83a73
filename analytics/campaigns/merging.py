"""Bring eligibilities and claims in line with what somebody says, many at once.

A newer answer about an eligibility stays, and what was claimed stays claimed, as it does where
they are recorded one by one.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import models

from analytics.campaigns.causes import link_causes
from analytics.campaigns.fields import FieldMistake
from analytics.campaigns.places import Names
from analytics.models import Campaign, Claim, Eligibility
from wallets.addresses import AddressError, parse_hash

_SAID = ("status", "amount", "points", "details", "source", "checked_at")
_CLAIMED = ("amount", "proof", "status", "claimed_hash", "reason", "transaction_id", "transfer_id")


def row_of(
    kind: str, values: Mapping[str, Any], campaign: Campaign, wallet: int, names: Names
) -> Eligibility | Claim:
    """A row that is not kept yet; FieldMistake for what does not fit."""
    fields = {name: value for name, value in values.items() if name not in ("campaign", "wallet")}
    if kind == "eligibility":
        row = Eligibility(campaign=campaign, wallet_id=wallet, **fields)
        if row.status != Eligibility.Status.UNKNOWN and not row.source:
            raise FieldMistake(f"source: say where {row.status} is known from")
        return _fitting(row)
    fields["network"] = names.network(values["network"], "network")
    fields["claimed_hash"] = _hash(values["claimed_hash"])
    claim = Claim(campaign=campaign, wallet_id=wallet, **fields)
    if claim.status == Claim.Status.CLAIMED and not (claim.claimed_hash or claim.reason):
        raise FieldMistake("claimed_hash: a claimed one says by which transaction, or its reason")
    return _fitting(claim)


def merge_eligibilities(rows: Sequence[Eligibility]) -> Counter[str]:
    """How many were added, changed and kept."""
    known = _known(Eligibility, rows, ("campaign_id", "wallet_id"))
    return _merge(rows, known, ("campaign_id", "wallet_id"), _SAID, _is_older)


def merge_claims(rows: Sequence[Claim]) -> Counter[str]:
    """How many were added, changed and kept; a hash that is known here is tied to what it is."""
    key = ("campaign_id", "wallet_id", "network_id", "contract")
    link_causes([row for row in rows if row.claimed_hash])
    return _merge(rows, _known(Claim, rows, key), key, _CLAIMED, _is_claimed)


KINDS: Mapping[str, Callable[[Sequence[Any]], Counter[str]]] = {
    "eligibility": merge_eligibilities,
    "claim": merge_claims,
}


def _is_older(known: Eligibility, said: Eligibility) -> bool:
    at = known.checked_at
    return at is not None and (said.checked_at is None or said.checked_at < at)


def _is_claimed(known: Claim, _said: Claim) -> bool:
    return known.status == Claim.Status.CLAIMED


def _known[Row: models.Model](
    model: type[Row], rows: Sequence[Row], key: tuple[str, ...]
) -> dict[tuple[Any, ...], Row]:
    campaigns = {row.campaign_id for row in rows}  # type: ignore[attr-defined]
    wallets = {row.wallet_id for row in rows}  # type: ignore[attr-defined]
    found = model._default_manager.select_for_update()
    kept = found.filter(campaign__in=campaigns, wallet__in=wallets) if rows else found.none()
    return {_key(row, key): row for row in kept}


def _key(row: models.Model, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in names)


def _merge[Row: models.Model](
    rows: Sequence[Row],
    known: Mapping[tuple[Any, ...], Row],
    key: tuple[str, ...],
    fields: tuple[str, ...],
    stays: Callable[[Any, Any], bool],
) -> Counter[str]:
    new: list[Row] = []
    changed: list[Row] = []
    for row in rows:
        kept = known.get(_key(row, key))
        if kept is None:
            new.append(row)
        elif not stays(kept, row) and _key(kept, fields) != _key(row, fields):
            row.pk = kept.pk
            changed.append(row)
    manager = (rows[0] if rows else Eligibility()).__class__._default_manager
    manager.bulk_create(new)  # type: ignore[arg-type]
    if changed:
        names = [name.removesuffix("_id") for name in fields]
        manager.bulk_update(changed, names, batch_size=200)  # type: ignore[arg-type]
    done = {"added": len(new), "changed": len(changed)}
    return Counter(done | {"kept": len(rows) - sum(done.values())})


def _fitting[Row: models.Model](row: Row) -> Row:
    """As a form would check it; what it refers to was looked up, what is unique is merged."""
    related = [one.name for one in row._meta.fields if one.is_relation]
    row.clean_fields(exclude=related)
    return row


def _hash(text: str) -> str:
    try:
        return parse_hash(text) if text else ""
    except AddressError as error:
        raise FieldMistake(f"claimed_hash: {error}") from error
