"""The two orders after a stop, as programs and people read them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from airdrops_site.answers import Answer, table
from scheduling.models import Task
from scheduling.withdrawing import Withdrawals
from wallets.transactions.clearing import Cleared, Fate

_COLUMNS = ("What", "State", "Becomes", "Said")
_SUMS = {
    Fate.ENDS: "end unsigned",
    Fate.ASKED: "have a cancel asked for",
    Fate.WAITS: "have one that the stop does not let be signed yet",
    Fate.LEFT: "stay",
}


def listed(done: Sequence[Cleared], *, dry_run: bool) -> Answer:
    """Everything that is unmined, and what becomes of it."""
    facts = [
        {"what": one.subject, "state": one.row.state, "fate": one.fate, "said": one.sentence}
        for one in done
    ]
    rows = (tuple(str(value) for value in one.values()) for one in facts)
    shown = [table("Unmined", _COLUMNS, rows)] if facts else []
    ending = "nothing was changed" if dry_run else "`tx show` says how far each is"
    return Answer({"dry_run": dry_run, "rows": facts}, (*shown, f"{summed(done)}; {ending}"))


def summed(done: Sequence[Cleared]) -> str:
    """How many of each."""
    counts = Counter(one.fate for one in done)
    parts = [f"{counts[fate]} {words}" for fate, words in _SUMS.items() if counts[fate]]
    return ", ".join(parts) or "nothing is unmined there"


def withdrawal_facts(found: Withdrawals, tasks: Sequence[Task]) -> dict[str, Any]:
    """For programs."""
    return {
        "withdrawals": [
            {
                "wallet": one.wallet.label,
                "network": one.network.slug,
                "protocol": one.protocol.slug,
                "position": one.position.what,
                "action": one.exit.action,
                "params": dict(one.exit.params),
            }
            for one in found.ways
        ],
        "left": found.left,
        "under_way": found.under_way,
        "tasks": [task.name for task in tasks],
    }


def withdrawal_lines(found: Withdrawals, tasks: Sequence[Task], *, dry_run: bool) -> Iterator[str]:
    """For people."""
    yield from (str(one) for one in found.ways)
    yield from (f"under way already: {one}" for one in found.under_way)
    yield from (f"stays: {one}" for one in found.left)
    if dry_run:
        yield f"{len(found.ways)} runs would be made; nothing was written"
    else:
        yield (
            f"made {len(tasks)} one-off tasks of the highest priority; each begins when the stops "
            "allow it, and is planned anew for a day while they do not"
        )
