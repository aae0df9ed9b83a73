"""What became of a restored host, by the independent checker, the rows and the books."""

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from airdrops_site.models import Restore
from tests.faults.invariants import broken_lane, broken_rows, contradictions
from tests.faults.loads import paused_lanes
from tests.faults.markers import ONCE, ONCE_OR_NOT, Markers, Verdict, judge
from wallets.models import Attempt, NonceLane, Transaction
from wallets.transactions.states import TransactionState as S

if TYPE_CHECKING:
    from tests.faults.restores import Drill


def verdict(drill: "Drill") -> dict[str, Any]:
    """Executed twice, lost, and every broken promise in words; with the seed's plan and counts."""
    books = _books(drill)
    with drill.new.standing():
        markers, waits = _markers(drill), _waits()
        told = judge(drill.load.chain.url, markers, drill.load.wallets.values())
        rows = Transaction.objects.filter(origin="restores")
        found = [*drill.violations, *books]
        found += broken_rows(Transaction.objects.prefetch_related("attempts"))
        found += contradictions(rows.exclude(idempotency_key__in=waits), told.counts)
        for lane in NonceLane.objects.select_related("wallet", "network"):
            found += _broken(drill, lane, told)
        if not drill.plan.returns:
            found += [f"{lane} is paused: {lane.pause_reason}" for lane in paused_lanes()]
        kinds = _kinds()
    plan = asdict(drill.plan) | {"engines": "→".join(drill.plan.engines)}
    return {
        **{name: said for name, said in plan.items() if name != "seed"},
        "wallets": len(drill.load.wallets),
        "happened": dict(drill.happened),
        "kinds": kinds,
        "asked": len(drill.load.asked),
        "asked_before_backup": drill.asked_before,
        "asked_before_kill": drill.asked_at_kill,
        "in_backup": len(drill.restored),
        "executed": sum(told.counts.values()),
        "duplicates": told.duplicates,
        "lost": told.lost,
        "violations": found,
        "waits_for_a_person": len(waits),
        "took": drill.seconds,
    }


def _markers(drill: "Drill") -> Markers:
    """What must have been done: all that was asked of the backup, and of the new host.

    What was asked in between may be done, or gone with the old host. Beside a living old host it
    may also wait in a paused lane, where a person sees it.
    """
    markers, waits = Markers(), _waits() if drill.plan.returns else set()
    for place, one in enumerate(drill.load.asked):
        kept = place < drill.asked_before or one.name in drill.restored
        kept |= place >= drill.asked_at_kill
        one.say(markers, ONCE if kept and one.name not in waits else ONCE_OR_NOT)
    return markers


def _waits() -> set[str]:
    """What the rows say was not done: its lane is paused, or its nonce was used elsewhere."""
    rows = Transaction.objects.filter(origin="restores")
    open_ones = rows.filter(lane__paused=True).exclude(state=S.FINAL)
    given_up = rows.filter(state__in=(S.VOIDED, S.NEEDS_OPERATOR)) | rows.filter(outcome="replaced")
    return set((open_ones | given_up).values_list("idempotency_key", flat=True))


def _broken(drill: "Drill", lane: NonceLane, told: Verdict) -> list[str]:
    """Every transaction of the account is a row of ours, and the other way round."""
    if drill.plan.returns and lane.paused:
        return []
    adopted = Attempt.objects.filter(lane=lane, kind=Attempt.Kind.ADOPTED, times_sent=0)
    known = set(adopted.values_list("hash", flat=True))
    hashes = told.senders.get(lane.wallet.address.lower(), [])
    found = broken_lane(lane, hashes)
    return [line for line in found if not any(one in line for one in known)]


def _kinds() -> dict[str, int]:
    found = Restore.objects.get().findings["networks"].values()
    return dict(Counter(str(one["kind"]) for answer in found for one in answer["matches"]))


def _books(drill: "Drill") -> list[str]:
    """Where the command says that books and chain differ, per wallet and token, to the wei.

    What a second living host did with the keys is booked as a person would have it booked.
    """
    repair = ["--repair"] if drill.plan.returns else []
    told = drill.new.answer("ledger", "reconcile", *repair, right=(0, 1))
    assert len(told["lines"]) >= 2 * len(drill.load.wallets), "the books are of fewer than both"
    wrong = [f"books: {line}" for line in told["lines"] if line["books"] != line["chain"]]
    return [*wrong, *(f"books: {problem}" for problem in told["problems"].values())]
