"""Pauses: within their scope nothing new begins, and what is signed is watched to its end.

A drain, which is asked for before a shutdown, is like a pause of everything; see wallets/drain.py.
So is the pause of a restored installation: what it began the chain could not be asked about.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, Model, OuterRef, Q
from django.utils import timezone

from protocols.models import Protocol
from scheduling.claims import as_claimed
from scheduling.models import Pause, Run, Task
from scheduling.states import RUN, RunState
from wallets.actors import this_worker
from wallets.drain import DRAINING, paused_before, standing_reasons
from wallets.models import (
    Installation,
    Network,
    NonceLane,
    Transaction,
    Wallet,
    WalletGroup,
    WalletTag,
)
from wallets.transactions.operator import NotPossible
from wallets.transactions.states import TransactionState as T
from wallets.transitions import move, recorded
from wallets.wakeups import wake

PAUSE_HISTORY = "pause"
PAUSED = "paused: "
# Ending a pause wakes what it held; this is for a pause that ended while a run was being held.
LOOK_AGAIN = timedelta(minutes=5)

Scope = Pause.Scope
_NAMED: dict[str, tuple[type[Model], str]] = {
    Scope.PROTOCOL: (Protocol, "slug"),
    Scope.NETWORK: (Network, "slug"),
    Scope.WALLET: (Wallet, "label"),
    Scope.GROUP: (WalletGroup, "name"),
    Scope.TAG: (WalletTag, "name"),
    Scope.TASK: (Task, "name"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """What the scopes of pauses are held against."""

    protocol: str
    network: str
    wallet: Wallet
    task: str = ""

    @classmethod
    def of(cls, run: Run) -> "Place":
        """Where a run acts."""
        task = run.task
        return cls(task.protocol.slug, task.network.slug, run.wallet, task.name)


def pause_scope(*, scope: str, value: str = "", actor: str, reason: str) -> Pause:
    """Begin nothing new in the scope until a person ends it; what is signed goes on."""
    _require_known(scope, value)
    row = Pause(scope_kind=scope, scope_value=value, reason=reason[:300], actor=actor[:100])
    try:
        with transaction.atomic():
            row.save()
            recorded(PAUSE_HISTORY, row.pk, "", "paused", actor=actor, reason=_said(row))
    except IntegrityError as error:
        raise NotPossible(f"{scope_text(scope, value)} is paused already") from error
    return row


def resume_scope(*, scope: str, value: str = "", actor: str, reason: str) -> None:
    """End the pause of just this scope, and wake what it held."""
    with transaction.atomic():
        row = Pause.objects.select_for_update().filter(scope_kind=scope, scope_value=value).first()
        if row is None:
            raise NotPossible(f"{scope_text(scope, value)} is not paused")
        said = f"{scope_text(scope, value)}: {reason}"
        recorded(PAUSE_HISTORY, row.pk, "paused", "resumed", actor=actor, reason=said)
        row.delete()
        wake_held()


def wake_held() -> None:
    """Have everything looked at that a pause or a drain holds; in a database transaction."""
    now = timezone.now()
    states = (RunState.HELD, RunState.RUNNING)
    held = Run.objects.filter(state__in=states, detail__startswith=PAUSED)
    held.update(wake_at=now)
    lanes = Transaction.objects.filter(state=T.HELD).order_by().values("lane")
    NonceLane.objects.filter(pk__in=lanes).update(wake_at=now)
    for job in ("dispatch", "advance", "tick"):
        wake(job)


def pause_reason(run: Run) -> str:
    """Why the run begins nothing new now; empty when it may. An approved plan passes pauses.

    Not that of a restore with a run the backup brought: its next step may have been done since.
    """
    drain, restored = standing_reasons()
    if drain:
        return f"{PAUSED}{drain}"
    passes = run.task.plan_id is not None
    if restored and not (passes and paused_before(run.created_at)):
        return f"{PAUSED}{restored}"
    if passes:
        return ""
    return reason_among(Pause.objects.all(), Place.of(run))


def reason_among(pauses: Iterable[Pause], place: Place) -> str:
    """The first of the pauses that covers the place, as a sentence."""
    row = next((one for one in pauses if covers(one, place)), None)
    return sentence(row) if row else ""


def standing_pauses() -> list[str]:
    """Everything that keeps new work from beginning by a person's word, a sentence each."""
    return standing().told


def standing() -> "Standing":
    """What keeps new work from beginning by a person's word."""
    drain, restored = standing_reasons()
    return Standing(drain, restored, tuple(Pause.objects.all()))


@dataclass(frozen=True, slots=True)
class Standing:
    """A drain, the pause of a restored installation, and pauses; empty where there is none."""

    drain: str
    restored: str
    pauses: tuple[Pause, ...]

    @property
    def word(self) -> str:
        """draining, paused, partly_paused; empty when everything may begin."""
        if self.drain:
            return DRAINING
        if self.restored or any(one.scope_kind == Scope.EVERYTHING for one in self.pauses):
            return "paused"
        return "partly_paused" if self.pauses else ""

    @property
    def told(self) -> list[str]:
        """A sentence each."""
        restored = f"{PAUSED}{self.restored}" if self.restored else ""
        return [*filter(None, (self.drain, restored)), *self.paused]

    @property
    def paused(self) -> list[str]:
        """Those of persons' pauses alone."""
        return [sentence(one) for one in self.pauses]


def sentence(pause: Pause) -> str:
    """What is paused, and why."""
    return f"{PAUSED}{scope_text(pause.scope_kind, pause.scope_value)}: {pause.reason}"


def covers(pause: Pause, place: Place) -> bool:
    """Whether what acts at the place is in the pause's scope."""
    value = pause.scope_value
    match pause.scope_kind:
        case Scope.PROTOCOL:
            return value == place.protocol
        case Scope.NETWORK:
            return value == place.network
        case Scope.WALLET:
            return value == place.wallet.label
        case Scope.GROUP:
            return place.wallet.group is not None and value == place.wallet.group.name
        case Scope.TAG:
            return place.wallet.tags.filter(name=value).exists()
        case Scope.TASK:
            return value == place.task
    # Everything, and a scope this code does not know: that is no reason to begin.
    return True


def undispatched() -> Q:
    """Tasks of which no due time becomes a run: they, or all they could act on, are paused.

    The whole installation is so while it drains or is paused, as after a restore: runs made then
    would wait for its end in a crowd. Due times stay; when the pause ends they are late, and the
    misfire policy says what then.
    """
    resting = Installation.objects.filter(Q(paused=True) | Q(draining_since__isnull=False))
    named = (
        Q(scope_kind=Scope.EVERYTHING)
        | Q(scope_kind=Scope.TASK, scope_value=OuterRef("name"))
        | Q(scope_kind=Scope.PROTOCOL, scope_value=OuterRef("protocol__slug"))
        | Q(scope_kind=Scope.NETWORK, scope_value=OuterRef("network__slug"))
    )
    return Q(Exists(Pause.objects.filter(named))) | Q(Exists(resting))


def hold_paused(run: Run, reason: str) -> None:
    """Keep a run that has not begun; looking again for the same reason is not told again."""
    later = timezone.now() + LOOK_AGAIN
    if run.state == RunState.HELD and run.detail == reason[:500]:
        as_claimed(run).filter(version=run.version).update(wake_at=later)
        return
    with transaction.atomic():
        if run.state == RunState.HELD:
            move(run, RunState.PENDING, machine=RUN, actor=this_worker(), reason="looked at")
        fields = {"detail": reason[:500], "wake_at": later}
        move(run, RunState.HELD, machine=RUN, actor=this_worker(), reason=reason, **fields)


def wait_for_resume(run: Run, reason: str) -> None:
    """Keep a run that is under way from its next step; in the caller's database transaction."""
    later = timezone.now() + LOOK_AGAIN
    same = Run.objects.filter(pk=run.pk, state=RunState.RUNNING)
    if not same.filter(detail=reason[:500]).exists():
        state = str(RunState.RUNNING)
        recorded(RUN.subject, run.pk, state, state, actor=this_worker(), reason=reason)
    same.update(wake_at=later, detail=reason[:500])


def follow_rename(old: str, new: str, scope: str = Scope.TASK) -> None:
    """What is paused stays so under another name."""
    if old == new:
        return
    rows = Pause.objects.filter(scope_kind=scope)
    if rows.filter(scope_value=new).exists():
        rows.filter(scope_value=old).delete()
    else:
        rows.filter(scope_value=old).update(scope_value=new)


def scope_text(kind: str, value: str) -> str:
    """`task x`, or `everything`."""
    return f"{kind} {value}" if value else str(kind)


def _said(row: Pause) -> str:
    return f"{scope_text(row.scope_kind, row.scope_value)}: {row.reason}"


def _require_known(kind: str, value: str) -> None:
    if kind == Scope.EVERYTHING:
        if value:
            raise NotPossible("a pause of everything names nothing")
        return
    model, field = _NAMED[kind]
    if not model._default_manager.filter(**{field: value}).exists():
        raise NotPossible(f"there is no {Scope(kind).label.lower()} called {value}")
