"""What binds a plan's lines as they were made: a row changed afterwards is refused."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from scheduling.models import Plan, PlanLine
from wallets.transactions.operator import NotPossible


class PlanChanged(NotPossible):
    """A line is not what it was when the plan was made; nothing of it is carried out."""


def digest_of(plan: Plan, lines: Iterable[PlanLine]) -> str:
    """The digest of a plan and its lines, in their order."""
    return _hash([plan.kind, plan.urgency, plan.created_by_id, *map(line_digest, lines)])


def line_digest(line: PlanLine) -> str:
    """The digest of what a line pays."""
    return _hash(
        [
            line.index,
            line.wallet.address,
            line.token.network.chain_id,
            line.token.address,
            str(line.amount),
            line.everything,
            line.recipient,
            line.purpose,
        ]
    )


def require_line_unchanged(line: PlanLine) -> None:
    """PlanChanged unless the line is what it was: asked at every signature, of that line alone."""
    if line_digest(line) != line.digest:
        raise PlanChanged(f"{line} was changed after it was made; nothing of it is signed")


def require_unchanged(plan: Plan) -> list[PlanLine]:
    """The plan's lines, or PlanChanged."""
    lines = lines_of(plan)
    if not lines or digest_of(plan, lines) != plan.digest:
        raise PlanChanged(
            f"{plan} was changed after it was made; nothing of it is signed. Cancel it, find out "
            "who changed it, and make it anew"
        )
    return lines


def lines_of(plan: Plan) -> list[PlanLine]:
    """Its lines with what they name."""
    found = list(plan.lines.select_related("wallet", "token__network", "run").order_by("index"))
    for line in found:
        line.plan = plan
    return found


def _hash(facts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(facts, separators=(",", ":")).encode()).hexdigest()
