"""What a restore has found, for programs and for people."""

from collections import Counter
from typing import Any

from rich.table import Table

from airdrops_site.answers import Answer, table
from airdrops_site.models import Restore
from scheduling.models import Run
from wallets.models import NonceLane, SignedRequest, Transaction
from wallets.transactions.states import PENDING
from wallets.transactions.states import TransactionState as S

_MATCHES = ("Network", "Wallet", "Nonce", "What", "Transaction", "Hash", "Said")
_NETWORKS = ("Network", "Lanes", "Known to the chain only", "Open", "In doubt", "Balances")
_WAITING = ("Transaction", "State", "Wallet", "Network", "To", "Base units")
# Whoever has more than that waiting reads the console, or the JSON.
SHOWN = 50


def show(restore: Restore, done: str = "") -> Answer:
    """The restore, what each network said, and what would go out after a resume."""
    facts = _facts(restore, done)
    parts: list[Table | str] = [*_sentences(restore, facts)]
    networks = restore.findings.get("networks", {})
    if networks:
        parts.append(table("Networks", _NETWORKS, map(_network, networks.items())))
    if facts["matches"]:
        rows = (_match(one) for one in facts["matches"][:SHOWN])
        parts.append(table("Known to the chain and not to the backup", _MATCHES, rows))
    parts += [sentence for one in facts["open"] for sentence in (f"open: {one}",)]
    if facts["waiting"]:
        rows = (tuple(map(str, one.values())) for one in facts["waiting"][:SHOWN])
        parts.append(table("Goes out after a resume", _WAITING, rows))
    return Answer(facts, tuple(parts))


def nothing() -> Answer:
    """There is no restore to resume."""
    return Answer(
        {"state": None}, ("there is no restore to resume: nothing is paused because of one",)
    )


def _facts(restore: Restore, done: str) -> dict[str, Any]:
    networks = restore.findings.get("networks", {})
    matches = [{"network": slug, **one} for slug in networks for one in networks[slug]["matches"]]
    requests = restore.findings.get("requests", [])
    return {
        "done": done,
        "state": restore.state,
        "source": restore.source,
        "backup_made_at": restore.backup_made_at.isoformat(),
        "restored_at": restore.restored_at.isoformat(),
        "asked_at": restore.asked_at.isoformat() if restore.asked_at else None,
        "resumed_at": restore.resumed_at.isoformat() if restore.resumed_at else None,
        "left": restore.left,
        "networks": {slug: len(networks[slug]["open"]) == 0 for slug in networks},
        "counts": dict(Counter(one["kind"] for one in matches)),
        "matches": matches,
        "open": [f"{slug}: {one}" for slug in networks for one in networks[slug]["open"]],
        "doubts": [one for slug in networks for one in networks[slug]["doubts"].values()],
        "skipped": restore.findings.get("skipped", {}),
        "runs_held": _still_held(restore),
        "requests_held": _requests(requests, "held"),
        "requests_done": _requests(requests, "done"),
        "lanes_paused": NonceLane.objects.filter(paused=True).count(),
        "waiting": _waiting(),
    }


def _still_held(restore: Restore) -> list[int]:
    held = Run.objects.filter(pk__in=restore.findings.get("runs_held", []))
    return list(held.filter(state="needs_operator").order_by("pk").values_list("pk", flat=True))


def _requests(requests: list[dict[str, Any]], answer: str) -> list[int]:
    keys = [one["request"] for one in requests if one["answer"] == answer]
    return list(
        SignedRequest.objects.filter(pk__in=keys).order_by("pk").values_list("pk", flat=True)
    )


def _waiting() -> list[dict[str, Any]]:
    states = (S.QUEUED, S.HELD, *PENDING)
    rows = Transaction.objects.filter(state__in=states).select_related("lane__wallet", "network")
    return [
        {
            "transaction": row.pk,
            "state": row.state,
            "wallet": row.lane.wallet.label,
            "network": row.network.slug,
            "to": row.to,
            "value": str(row.value),
        }
        for row in rows.order_by("pk")
    ]


def _sentences(restore: Restore, facts: dict[str, Any]) -> list[str]:
    skipped = facts["skipped"]
    told = [
        facts["done"],
        f"{restore.source}, made at {restore.backup_made_at:%Y-%m-%d %H:%M:%S} UTC and restored at "
        f"{restore.restored_at:%Y-%m-%d %H:%M:%S} UTC: {restore.get_state_display()}",
        f"{skipped.get('due_times', 0)} due times and {skipped.get('runs', 0)} runs were skipped",
        _lines(skipped.get("plan_lines", 0)),
        _numbers("runs wait for a person (restart or give up)", facts["runs_held"]),
        _numbers("requests are held, their venue does not answer", facts["requests_held"]),
        _numbers("requests were done already, as their venue says", facts["requests_done"]),
        *(f"in doubt: {one}" for one in facts["doubts"]),
        _left(facts["left"]),
    ]
    return [one for one in told if one]


def _left(networks: list[str]) -> str:
    told = "what was spent there since the backup counts in no limit before another --confirm"
    return f"left paused: {', '.join(networks)}; {told}" if networks else ""


def _lines(count: int) -> str:
    told = "plan lines were not started when the backup was made and are cancelled: see on chain"
    return f"{count} {told} which were paid, and make a new plan of the others" if count else ""


def _numbers(what: str, keys: list[int]) -> str:
    return f"{len(keys)} {what}: {', '.join(map(str, keys[:SHOWN]))}" if keys else ""


def _network(one: tuple[str, dict[str, Any]]) -> tuple[str, ...]:
    slug, answer = one
    counts = [answer["lanes"], len(answer["matches"]), len(answer["open"]), len(answer["doubts"])]
    return (slug, *map(str, counts), answer["balances"])


def _match(one: dict[str, Any]) -> tuple[str, ...]:
    keys = ("network", "label", "nonce", "kind", "transaction", "tx_hash", "sentence")
    return tuple("" if one[key] is None else str(one[key]) for key in keys)
