"""Transactions and lanes as lines for a person and as values for a script."""

from typing import Any

from django.db.models import QuerySet
from rich.table import Table

from protocols.selectors import describe_call
from wallets.amounts import show_amount
from wallets.models import Attempt, EndpointAnswer, Transaction, Transition
from wallets.transactions.states import TransactionState

# What a person finds in another of the tables.
_TOLD_ELSEWHERE = {"attempts": ("answer",), "answers": ("hash",)}
_COLUMNS = ("id", "state", "does", "wallet", "network", "nonce", "hash", "detail")


def as_rows(found: QuerySet[Transaction]) -> list[dict[str, Any]]:
    """The list, one value a row; three queries however long it is."""
    related = found.select_related("lane__wallet", "network").prefetch_related("attempts")
    return [_line(row) for row in related]


def as_table(rows: list[dict[str, Any]], title: str) -> Table:
    """The list, for a person."""
    table = Table(title=title)
    for name in _COLUMNS:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(_short(row[name]) for name in _COLUMNS))
    return table


def _short(value: Any) -> str:
    text = "" if value is None else str(value)
    return f"{text[:8]}…{text[-6:]}" if text.startswith("0x") else text


def in_full(row: Transaction) -> dict[str, Any]:
    """One transaction: what it does, every attempt with the nodes' words, every change of state."""
    call = describe_call(protocol=row.protocol, data=bytes(row.data))
    return {
        **_line(row),
        "outcome": row.outcome,
        "hold_reason": row.hold_reason,
        "wish": row.wish,
        "replaced_because": row.replaced_because,
        "private_only": row.private_only,
        "key": row.idempotency_key,
        "origin": row.origin,
        "to": row.to,
        "value_wei": str(row.value),
        "value": show_amount(row.value, 18, ""),
        "call": str(call) if call else (row.selector or "a plain transfer"),
        "to_be_signed": _to_be_signed(row),
        "attempts": [_attempt(one) for one in row.attempts.order_by("id")],
        "answers": [_answer(one) for one in _answers(row)],
        "receipts": [_receipt(one) for one in row.receipts.order_by("id")],
        "history": [_change(one) for one in _history(row)],
    }


def as_tables(facts: dict[str, Any]) -> list[Table]:
    """One transaction in full, for a person."""
    plain = Table(title=f"Transaction {facts['id']}", show_header=False)
    plain.add_column()
    plain.add_column(overflow="fold")
    parts = {name: value for name, value in facts.items() if isinstance(value, list)}
    for name, value in facts.items():
        if name not in parts and value not in ("", None):
            plain.add_row(name, str(value))
    return [plain, *(_part(name, rows) for name, rows in parts.items() if rows)]


def beside_its_chain(report: dict[str, Any]) -> str:
    """A lane beside its chain, in a line."""
    problems = "; ".join(report["problems"]) or "they agree"
    if "mined" not in report:
        return f"{report['lane']}: {problems}"
    return f"{report['lane']}: chain {report['mined']}, ours {report['following']}; {problems}"


def _part(title: str, rows: list[dict[str, Any]]) -> Table:
    table = Table(title=title)
    shown = [name for name in rows[0] if name not in _TOLD_ELSEWHERE.get(title, ())]
    for name in shown:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(str(row[name]) for name in shown))
    return table


def _line(row: Transaction) -> dict[str, Any]:
    attempts = sorted(row.attempts.all(), key=lambda one: one.pk)
    return {
        "id": row.pk,
        "state": row.state,
        "does": f"{row.protocol} {row.action}",
        "wallet": row.lane.wallet.label,
        "network": row.network.slug,
        "nonce": row.nonce,
        "hash": attempts[-1].hash if attempts else None,
        "detail": row.detail,
    }


def _to_be_signed(row: Transaction) -> str:
    """What a remote signer is asked for while the transaction is reserved."""
    if row.state != TransactionState.RESERVED:
        return ""
    fees = f"{row.reserved_max_fee} wei per gas at most, {row.reserved_tip} of it as tip"
    return f"nonce {row.nonce}, {row.gas_limit} gas, {fees}"


def _attempt(one: Attempt) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "state": one.state,
        "hash": one.hash,
        "max_fee_wei": str(one.max_fee_per_gas),
        "tip_wei": str(one.max_priority_fee_per_gas),
        "times_sent": one.times_sent,
        "last_sent_at": one.last_sent_at and one.last_sent_at.isoformat(timespec="seconds"),
        "answer_kind": one.last_answer_kind,
        "answer": one.last_answer,
    }


def _answers(row: Transaction) -> QuerySet[EndpointAnswer]:
    rows = EndpointAnswer.objects.filter(attempt__transaction=row).order_by("id")
    return rows.select_related("attempt").defer("attempt__raw")


def _answer(one: EndpointAnswer) -> dict[str, Any]:
    return {
        "at": one.at.isoformat(timespec="seconds"),
        "attempt": one.attempt.kind,
        "hash": one.attempt.hash,
        "sending": one.sending,
        "endpoint": one.endpoint,
        "answer": one.answer,
        "text": one.text,
    }


def _receipt(one: Any) -> dict[str, Any]:
    return {
        "block": one.block_number,
        "block_hash": one.block_hash,
        "succeeded": one.succeeded,
        "fee_wei": str(one.fee),
        "canonical": one.canonical,
    }


def _history(row: Transaction) -> QuerySet[Transition]:
    return Transition.objects.filter(subject="transaction", subject_id=row.pk).order_by("id")


def _change(line: Transition) -> dict[str, Any]:
    return {
        "at": line.at.isoformat(timespec="seconds"),
        "from": line.from_state,
        "to": line.to_state,
        "reason": line.reason,
        "actor": line.actor,
    }
