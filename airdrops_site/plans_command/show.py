"""Plans as tables and as JSON."""

from collections.abc import Iterable
from typing import Any

from airdrops_site.answers import Answer, table
from scheduling.models import Plan
from scheduling.plans.preview import LineView, Preview, preview_plan

_COLUMNS = ("Line", "State", "What", "Fee at most, wei", "Said")


def listed(plans: Iterable[Plan]) -> Answer:
    """Many, a line each."""
    facts = [
        {
            "plan": plan.pk,
            "kind": plan.kind,
            "title": plan.title,
            "state": plan.state,
            "lines": plan.lines.count(),
            "made_by": plan.created_from,
            "approved_by": str(plan.approved_by) if plan.approved_by else None,
            "detail": plan.detail,
        }
        for plan in plans
    ]
    rows = (tuple("" if value is None else str(value) for value in one.values()) for one in facts)
    columns = ("Plan", "Kind", "Title", "State", "Lines", "Made by", "Approved by", "Said")
    return Answer(facts, (table("Plans", columns, rows),))


def in_full(plan: Plan, *, done: str = "") -> Answer:
    """One, as it is to be approved, with what the chains say it may cost."""
    found = preview_plan(plan, ask_chain=True)
    rows = (_row(one) for one in found.lines)
    said = [done] if done else []
    said += [f"{plan} ({plan.kind}, {plan.state}), made by {plan.created_from}"]
    said += [*found.in_words, *found.problems]
    if plan.detail:
        said.append(plan.detail)
    return Answer(_facts(found, done), (*said, table(str(plan), _COLUMNS, rows)))


def _row(one: LineView) -> tuple[str, ...]:
    fee = "" if one.fee is None else str(one.fee)
    said = "; ".join(filter(None, [one.line.detail, *one.checks]))
    retry = " (may be retried)" if one.may_retry else ""
    return str(one.line.index), one.line.state, one.sentence, fee, said + retry


def _facts(found: Preview, done: str) -> dict[str, Any]:
    plan = found.plan
    return {
        "done": done,
        "plan": plan.pk,
        "kind": plan.kind,
        "title": plan.title,
        "state": plan.state,
        "digest": plan.digest,
        "urgency": plan.urgency,
        "made_by": plan.created_from,
        "approved_by": str(plan.approved_by) if plan.approved_by else None,
        "approved_alone": plan.approved_alone,
        "in_words": found.in_words,
        "second_person": found.second_person,
        "problems": found.problems,
        "detail": plan.detail,
        "lines": [_line(one) for one in found.lines],
    }


def _line(one: LineView) -> dict[str, Any]:
    line = one.line
    return {
        "line": line.index,
        "state": line.state,
        "from": line.wallet.label,
        "network": line.token.network.slug,
        "token": line.token.symbol,
        "token_address": line.token.address,
        # Text: most readers of JSON round numbers of this size.
        "base_units": str(line.amount),
        "less_the_fee": line.everything,
        "recipient": line.recipient,
        "purpose": line.purpose,
        "in_words": one.sentence,
        "fee_at_most": None if one.fee is None else str(one.fee),
        "checks": list(one.checks),
        "run": line.run_id,
        "detail": line.detail,
        "may_retry": one.may_retry,
    }
