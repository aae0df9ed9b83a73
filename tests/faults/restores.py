"""Real backups, restored at random moments: nothing twice, nothing lost, the books as the chain.

python -m tests.faults.restores --runs 20    go on with the seeds that have no line yet
python -m tests.faults.restores --seed 3     one of them; its line is only shown

Each seed has a chain with real contracts, and databases of its own. Two clusters work as hard as
they can while `backup_state` runs beside them; they work on, for a time that the seed decides, and
everything of the host is killed. `restore_state` brings the archive back in a fresh folder, on the
same engine or the other; new clusters start, `resume_state` asks the chain, and all is worked to
its end. In every fifth seed the old host comes back alive, on its own database, beside the new.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("AIRDROPS_LOG_LEVEL", "ERROR")
django.setup()

from django.conf import settings  # noqa: E402

from analytics import history  # noqa: E402
from tests.airdrops_site.guides import run as manage  # noqa: E402
from tests.faults.hosts import POSTGRES, SQLITE, Host, two_hosts  # noqa: E402
from tests.faults.lines import append, is_wrong, missing, newest  # noqa: E402
from tests.faults.loads import Load, lay_out, paused_lanes  # noqa: E402
from tests.faults.restored import verdict  # noqa: E402
from tests.faults.versions import stamp  # noqa: E402
from tests.market import deploy_market  # noqa: E402
from tests.processes import PATIENCE, eventually  # noqa: E402
from tests.scratch import prepare  # noqa: E402
from wallets.models import Attempt, Installation, Transaction  # noqa: E402
from wallets.transactions.states import PENDING  # noqa: E402
from wallets.transactions.states import TransactionState as S  # noqa: E402

KIND = "restores"
CLUSTERS = 2
REST = (S.FINAL, S.VOIDED, S.NEEDS_OPERATOR, S.CANCELLED, S.REFUSED)
# Nobody replaces a host sooner, and an old one does not come back sooner (wallets/transactions/
# beginning.py lets clocks differ by so much).
REPLACED_AFTER = 65.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a seed decides. `age` is how long, in seconds, the host works on after its backup."""

    seed: int
    engines: tuple[str, str]
    portable: bool
    age: float
    archive: bool
    returns: bool
    before_resume: bool

    @classmethod
    def of(cls, seed: int) -> "Plan":
        """Every way from engine to engine in its turn; each fifth old host comes back."""
        dice = Random(f"{seed}:plan")
        ways = ((POSTGRES, SQLITE), (SQLITE, SQLITE), (SQLITE, POSTGRES), (POSTGRES, POSTGRES))
        engines = ways[seed % 4]
        crosses = engines[0] != engines[1]
        return cls(
            seed=seed,
            engines=engines,
            portable=crosses or dice.random() < 0.25,
            age=round(dice.choice((0.0, dice.uniform(0, 5), dice.uniform(5, 25))), 1),
            archive=dice.random() < 0.6,
            returns=seed % 5 == 0,
            before_resume=dice.random() < 0.5,
        )


@dataclass(slots=True)
class Drill:
    """One seed under way."""

    plan: Plan
    old: Host
    new: Host
    load: Load
    began: float = field(default_factory=time.monotonic)
    archive: str = ""
    asked_before: int = 0
    asked_at_kill: int = 0
    killed_at: float = 0.0
    restored: frozenset[str] = frozenset()
    happened: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    def note(self, what: str, since: float) -> None:
        """How long something took."""
        self.seconds[what] = round(time.monotonic() - since, 1)


def play(seed: int, folder: Path) -> dict[str, Any]:
    """What one seed came to."""
    plan, started = Plan.of(seed), time.monotonic()
    with (
        # A node without an archive answers for the newest states only.
        deploy_market(folder, 4000 if plan.archive else 8) as market,
        two_hosts(seed, plan.engines, folder) as (old, new),
    ):
        with old.standing():
            load = lay_out(market, seed)
        market.rpc.call("evm_setIntervalMining", 1)
        drill = Drill(plan, old, new, load)
        _work_and_back_up(drill)
        _restore(drill)
        if plan.returns:
            _old_beside(drill)
        else:
            _resume(drill)
        _to_rest(drill)
        found = verdict(drill)
    return {"seed": seed, **stamp(), **found, "seconds": round(time.monotonic() - started, 1)}


def _work_and_back_up(drill: Drill) -> None:
    """Load, a backup in the midst of it, load for a random time after that; and the end."""
    old, load, dice = drill.old, drill.load, drill.load.dice
    with old.standing():
        load.top_up(least=1)
    old.start(CLUSTERS)
    with old.standing():
        # Every lane has had its first turn.
        begun = Attempt.objects.order_by().values("lane").distinct()
        assert eventually(lambda: begun.count() == len(load.wallets))
        working = time.monotonic()
        load.top_up_for(dice.uniform(1, 5))
        drill.asked_before, began = len(load.asked), time.monotonic()
        drill.archive = _backed_up(drill)
        drill.note("backup", began)
        load.top_up_for(drill.plan.age)
    drill.happened["killed"] += old.kill()
    drill.killed_at, drill.asked_at_kill = time.monotonic(), len(load.asked)
    with old.standing():
        drill.happened["signed_by_old"] = Attempt.objects.count()
    drill.note("load", working)


def _backed_up(drill: Drill) -> str:
    """The command beside the clusters, which go on being given work; the archive."""
    form = ["--portable"] if drill.plan.portable else []
    place = str(drill.old.folder / "backups")
    process = subprocess.Popen(
        [sys.executable, "manage.py", "backup_state", "--to", place, "--json", *form],
        cwd=settings.BASE_DIR,
        env=drill.old.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    drill.load.top_up_for(120, until=lambda: process.poll() is not None)
    said, why = process.communicate()
    if process.returncode:
        raise RuntimeError(f"backup_state ended {process.returncode}: {why}")
    return str(json.loads(said)["location"])


def _restore(drill: Drill) -> None:
    """In a fresh place, with clusters at work before anybody has resumed."""
    began, new = time.monotonic(), drill.new
    new.answer("restore_state", drill.archive)
    drill.note("restore", began)
    with new.standing():
        names = Transaction.objects.filter(origin="restores")
        drill.restored = frozenset(names.values_list("idempotency_key", flat=True))
        drill.happened["in_flight_in_backup"] = Transaction.objects.filter(
            state__in=PENDING
        ).count()
    new.start(CLUSTERS)


def _old_beside(drill: Drill) -> None:
    """The old host begins again on what it has, a little before or after the new one resumes."""
    time.sleep(max(0.0, drill.killed_at + REPLACED_AFTER - time.monotonic()))
    with drill.old.standing():
        before = Attempt.objects.count()
    if drill.plan.before_resume:
        drill.old.start(CLUSTERS)
        _resume(drill)
    else:
        _resume(drill)
        drill.old.start(CLUSTERS)
    with drill.new.standing():
        drill.load.top_up_for(drill.load.dice.uniform(5, 15))
    with drill.old.standing():
        # On a busy machine its first turns take a while: it has signed, or found out.
        eventually(lambda: Attempt.objects.count() > before or bool(paused_lanes()))
        drill.happened["signed_by_old_beside"] = Attempt.objects.count() - before
        drill.happened["lanes_paused_by_old"] = len(paused_lanes())


def _resume(drill: Drill) -> None:
    """As a person does: nothing was signed before; refused while anything is open."""
    began, new = time.monotonic(), drill.new
    with new.standing():
        ours = Attempt.objects.exclude(kind=Attempt.Kind.ADOPTED)
        signed = ours.count()
    new.answer("resume_state", "--check", right=(0, 1))
    with new.standing():
        if not Installation.objects.get().paused:
            drill.violations.append("it was not paused after the restore")
        if ours.count() != signed:
            drill.violations.append(f"{ours.count() - signed} were signed before the resume")
    while new.manage("resume_state", "--confirm").returncode:
        drill.happened["refused_to_resume"] += 1
        if time.monotonic() - began > PATIENCE:
            raise RuntimeError(f"never resumed: {new.manage('resume_state').stdout}")
        time.sleep(1)
    drill.note("resume", began)
    with new.standing():
        _open_doubtful(drill)


def _open_doubtful(drill: Drill) -> None:
    """A person has looked: every intent is of another amount than all that was done."""
    for lane in paused_lanes():
        if "waits, and a call of the same function" in lane.pause_reason:
            drill.happened["in_doubt"] += 1
            line = f"manage.py tx resume {lane.wallet.label} devnet-l2 --reason 'not the same'"
            assert manage(line)[0] == 0


def _to_rest(drill: Drill) -> None:
    """New work as well, then until nothing is on its way that is not in a person's hands."""
    with drill.new.standing():
        if not drill.plan.returns:
            drill.load.top_up(least=1)
        began = time.monotonic()
        rested = eventually(_is_at_rest, every=0.5)
        drill.note("to_rest", began)
        if not rested:
            drill.violations.append(f"not at rest after {PATIENCE} s")
    drill.old.kill()
    drill.new.stop()


def _is_at_rest() -> bool:
    """Nothing on its way, and all of it booked."""
    moving = Transaction.objects.exclude(state__in=REST)
    waits = moving.filter(lane__paused=True, state__in=(S.QUEUED, S.HELD))
    stuck = moving.filter(lane__paused=True, lane__transactions__state=S.NEEDS_OPERATOR)
    left = moving.exclude(pk__in=waits.values("pk")).exclude(pk__in=stuck.values("pk"))
    return not left.exists() and not history.has_news(history.LEDGER)


def main() -> int:
    """What was asked for; 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.restores")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--first", type=int, default=1, help="the lowest seed, for one of two")
    parser.add_argument("--fresh", action="store_true", help="also what other code has a line of")
    parser.add_argument("--seed", type=int, action="append", help="only shown, not written down")
    asked = parser.parse_args()
    wanted = list(range(asked.first, asked.runs + 1))
    seeds = asked.seed or missing(KIND, wanted, fresh=asked.fresh)
    folder, lines = prepare("restores"), []
    for number, seed in enumerate(seeds, 1):
        lines.append(play(seed, folder))
        if asked.seed:
            sys.stdout.write(json.dumps(lines[-1], indent=2) + "\n")
        else:
            append(KIND, lines[-1])
        sys.stderr.write(f"restores: {number} of {len(seeds)}\n")
    wrong = [line["seed"] for line in (lines if asked.seed else newest(KIND)) if is_wrong(line)]
    sys.stderr.write(f"wrong: {wrong or 'nothing'}\n")
    return int(bool(wrong))


if __name__ == "__main__":
    raise SystemExit(main())
