"""Deployments as rows of a table, and as plain values."""

from typing import Any

from protocols.checking import Checked
from protocols.models import Deployment
from wallets.addresses import ZERO_ADDRESS

COLUMNS = ("Number", "Network", "Protocol", "Role", "Address", "Leads to", "Verified", "In use")


def line(row: Deployment) -> tuple[str, ...]:
    """One row for a person."""
    seen = row.verified_at.strftime("%Y-%m-%d %H:%M") if row.verified_at else "never"
    return (
        str(row.pk),
        row.network.slug,
        row.protocol.slug,
        row.role,
        row.address,
        _leads_to(row),
        seen,
        "yes" if row.enabled else f"no: {row.disabled_reason}" if row.disabled_reason else "no",
    )


def checked_line(one: Checked) -> tuple[str, ...]:
    """What looking at it gave."""
    row = one.deployment
    where = f"{row.protocol.slug} {row} at {row.address}"
    return (str(row.pk), where, one.verdict.value, one.sentence)


def facts(row: Deployment) -> dict[str, Any]:
    """The same for programs."""
    return {
        "number": row.pk,
        "network": row.network.slug,
        "chain_id": row.network.chain_id,
        "protocol": row.protocol.slug,
        "role": row.role,
        "address": row.address,
        "abi": row.abi,
        "code_hash": row.code_hash,
        "implementation": row.implementation,
        "beacon": row.beacon,
        "source": row.source,
        "sourced_on": row.sourced_on.isoformat() if row.sourced_on else None,
        "verified_at": row.verified_at.isoformat() if row.verified_at else None,
        "changed_at": row.changed_at.isoformat() if row.changed_at else None,
        "enabled": row.enabled,
        "disabled_reason": row.disabled_reason,
        "doubt": row.doubt,
        "doubt_overridden": row.doubt_overridden,
    }


def _leads_to(row: Deployment) -> str:
    return "" if row.implementation == ZERO_ADDRESS else row.implementation
