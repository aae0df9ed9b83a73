"""The emergency stop, as signing sees it."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import OuterRef, Q, Subquery

from wallets.models import (
    Attempt,
    EmergencyStop,
    Installation,
    ScopeKind,
    SignedRequest,
    Transaction,
    Wallet,
)
from wallets.transactions.drains import is_safe_drain
from wallets.transactions.stop_file import stop_file_reason

# Readers of a row pass one who waits to write it, for ever while there are always some: at a lock
# of this number they queue behind it.
GATE = 7_166_501


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is to be signed, as a stop's scope sees it."""

    network: str
    protocol: str
    wallet: Wallet
    # Cancels and fillers only free a nonce, an order's cancel only gives it up.
    frees: bool
    # Whether it would begin something: it has no nonce yet, or was not signed.
    is_new: bool
    # The transaction itself, of which it may be asked whether it drains to a safe address.
    transaction: Transaction | None = None


@dataclass(frozen=True, slots=True)
class Stops:
    """The engaged stops and the one of scope `everything`, as one transaction reads them."""

    rows: tuple[Any, ...]
    # Why this host signs nothing, whatever the rows say.
    file: str = ""

    def reason(self, transaction: Transaction, kind: str = Attempt.Kind.ORIGINAL) -> str:
        """Why no attempt of this kind may be signed for it now; empty when it may."""
        return self._reason(
            _Subject(
                network=transaction.network.slug,
                protocol=transaction.protocol,
                wallet=transaction.lane.wallet,
                frees=kind in (Attempt.Kind.CANCEL, Attempt.Kind.FILLER),
                is_new=transaction.nonce is None,
                transaction=transaction,
            )
        )

    def reason_of_request(self, request: SignedRequest, *, frees: bool = False) -> str:
        """The same for a request, which is on a network or on none."""
        return self._reason(
            _Subject(
                network=request.network.slug if request.network else "",
                protocol=request.protocol,
                wallet=request.wallet,
                frees=frees,
                is_new=not frees and not request.signature,
            )
        )

    def _reason(self, subject: _Subject) -> str:
        if not any(stop.scope_kind == ScopeKind.EVERYTHING for stop in self.rows):
            return "the row of the emergency stop is missing; restore it (manage.py migrate)"
        if self.file:
            return self.file
        for stop in self.rows:
            if stop.paused is not False:
                return f"the installation is paused: {stop.pause_reason}"
            if stop.draining is not None and subject.is_new:
                return f"draining: {stop.drain_reason}"
            if stop.engaged and _covers(stop, subject) and not _spares(stop, subject):
                scope = stop.scope_value or "everything"
                return f"emergency stop of {scope}: {stop.reason}"
        return ""


def read_stops() -> Stops:
    """The stops as they stand; they cannot change before this database transaction ends.

    Inside the signing transaction: the row of scope `everything` is read FOR SHARE, so a stop
    that is being committed waits for this signature or this signature waits for the stop.
    """
    _share_global_row()
    return Stops(tuple(_engaged_or_global()), stop_file_reason())


def wait_for_signatures() -> None:
    """Have every signature finish, and those that follow wait until this transaction ends.

    For whoever forbids or allows signatures.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [GATE])
    EmergencyStop.objects.select_for_update().get(scope_kind=ScopeKind.EVERYTHING)


def stop_reason(transaction: Transaction, kind: str = Attempt.Kind.ORIGINAL) -> str:
    """Why no attempt of this kind may be signed for it, as the stops stand now."""
    return read_stops().reason(transaction, kind)


def stop_reason_of_request(request: SignedRequest, *, frees: bool = False) -> str:
    """The same for a request."""
    return read_stops().reason_of_request(request, frees=frees)


def _engaged_or_global() -> list[Any]:
    """The stops, each with whether the installation is paused: one question for every signature."""
    stops = EmergencyStop.objects.filter(Q(engaged=True) | Q(scope_kind=ScopeKind.EVERYTHING))
    installation = Installation.objects.all()
    named = Wallet.objects.filter(label=OuterRef("scope_value"))
    return list(
        stops.annotate(
            paused=Subquery(installation.values("paused")[:1]),
            pause_reason=Subquery(installation.values("pause_reason")[:1]),
            draining=Subquery(installation.values("draining_since")[:1]),
            drain_reason=Subquery(installation.values("drain_reason")[:1]),
            wallet_id=Subquery(named.values("pk")[:1]),
        )
    )


def _spares(stop: EmergencyStop, subject: _Subject) -> bool:
    """Whether the stop's mode lets it pass."""
    if stop.mode == EmergencyStop.Mode.ALL_BUT_DRAIN and subject.transaction is not None:
        return subject.frees or is_safe_drain(subject.transaction)
    return subject.frees and stop.mode != EmergencyStop.Mode.EVERYTHING


def _share_global_row() -> None:
    # SQLite has one writer: signing holds the database (BEGIN IMMEDIATE) already.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [GATE])
            cursor.execute(
                "SELECT 1 FROM wallets_emergencystop WHERE scope_kind = %s FOR SHARE",
                [ScopeKind.EVERYTHING],
            )


def _covers(stop: EmergencyStop, subject: _Subject) -> bool:
    match stop.scope_kind:
        case ScopeKind.EVERYTHING:
            return True
        case ScopeKind.NETWORK:
            return stop.scope_value == subject.network
        case ScopeKind.PROTOCOL:
            return stop.scope_value == subject.protocol
        case ScopeKind.WALLET:
            # It may have been renamed since it was read.
            named: int | None = getattr(stop, "wallet_id", None)
            return named == subject.wallet.pk or stop.scope_value == subject.wallet.label
    # A scope this code does not know is not a reason to sign.
    return True
