"""Taking back what is left of the allowances that runs gave, once their use is over.

Row-driven: whatever dies, an open RunAllowance is found again, and the row of the allowance knows
the revocation that is under way.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from protocols.context import NetworkReader
from protocols.tokens import ensure_token
from scheduling.models import Run, RunAllowance
from scheduling.overlap import running_user, user_of
from scheduling.points import RunPoint
from scheduling.states import FINISHED_RUN, StepState
from scheduling.uses import Use, look_up
from wallets.actors import this_worker
from wallets.addresses import parse_address
from wallets.allowance_readings import note
from wallets.allowances import (
    AllowanceOf,
    Reading,
    Terms,
    read_allowances,
    record_allowance,
    revoke_allowance,
)
from wallets.chain.client import NetworkClient
from wallets.chain.errors import ChainError
from wallets.models import Allowance, Network, Transaction, Wallet
from wallets.revocations import look_after
from wallets.transactions.operator import NotPossible
from wallets.transactions.points import reached
from wallets.transactions.states import ENDED

log = structlog.get_logger(__name__)

LOOK_AGAIN = timedelta(seconds=10)
ROWS_PER_PASS = 50
# Finality takes minutes on most networks.
UNTIL_FINAL = timedelta(minutes=1)
ONCE_A_DAY = timedelta(days=1)
# What cannot be taken back so often is for a person to look at.
MOST_TRIES = 8
_CLEAR = "nothing is left; looked at once more when that is final"
_USED = Q(run__state__in=FINISHED_RUN) | Q(
    last_use__state__in=(StepState.SETTLED, StepState.FAILED, StepState.CANCELLED)
)


def due() -> QuerySet[RunAllowance]:
    """Those whose use is over and that are to be looked at now."""
    return RunAllowance.objects.filter(_USED, look_at__lte=timezone.now())


def needing_operator() -> QuerySet[RunAllowance]:
    """Those that stand after every revocation that was asked for."""
    return RunAllowance.objects.filter(tries__gte=MOST_TRIES, look_at__isnull=False)


def take_back() -> int:
    """Look at every allowance that is due for it; returns how many there were."""
    related = ("run__task__network", "run__task__protocol", "run__wallet", "last_use")
    rows = list(due().select_related(*related).order_by("look_at")[:ROWS_PER_PASS])
    by_network: dict[Network, list[RunAllowance]] = defaultdict(list)
    for row in rows:
        if _is_ready(row):
            by_network[row.run.task.network].append(row)
    for network, ready in by_network.items():
        try:
            _look(network, ready)
        except ChainError as error:
            log.warning("allowances_wait_for_rpc", network=network.slug, reason=str(error))
            _postpone(ready, f"waits for the network: {error}")
    return len(rows)


def revoke_now(*, allowance: Allowance, origin: str, actor: str, reason: str = "") -> Transaction:
    """Take an allowance back at once, whoever gave it; NotPossible while a run relies on it.

    Once the transaction has ended the chain is asked what is left.
    """
    with transaction.atomic():
        owner = Wallet.objects.select_for_update().get(pk=allowance.wallet_id)
        _require_key(owner)
        if run := running_user(allowance):
            raise NotPossible(f"run {run.pk} relies on the allowance now; wait until it has ended")
        revocation = revoke_allowance(allowance=allowance, origin=origin, actor=actor)
        look_after(allowance)
        said = f"taken back by transaction {revocation.pk}"
        note(allowance, actor=actor, reason=f"{said}: {reason}" if reason else said)
    return revocation


def _require_key(wallet: Wallet) -> None:
    if wallet.signer_kind == Wallet.SignerKind.WATCH_ONLY:
        raise NotPossible(f"{wallet.label} is only watched; take it back where its key is")
    if wallet.status != Wallet.Status.VERIFIED:
        raise NotPossible(f"{wallet.label} is {wallet.status}, and signs nothing")


def _is_ready(row: RunAllowance) -> bool:
    """Whether the chain is to be asked now; if not, the row says why."""
    use = look_up(row)
    if not use.given:
        _close(row, "it was never given")
    elif reason := _reason_to_wait(use):
        _postpone([row], reason)
    elif row.clear_at and not use.is_final:
        _postpone([row], _CLEAR, UNTIL_FINAL)
    elif later := use.set_anew():
        _leave_to(row, later)
    else:
        return True
    return False


def _reason_to_wait(use: Use) -> str:
    if undecided := use.undecided:
        return f"waits for transaction {undecided.pk}"
    if other := user_of(use.row.run, use.name):
        return _behind(other)
    return ""


def _leave_to(row: RunAllowance, later: Transaction) -> None:
    """Whoever set the allowance behind this run answers for it, once that cannot be undone."""
    if later.state in ENDED:
        _close(row, f"transaction {later.pk} has set it anew")
    else:
        _postpone([row], f"waits for transaction {later.pk}, which sets it anew")


def _behind(other: Run) -> str:
    return f"waits for run {other.pk}, which uses the same allowance"


def _look(network: Network, rows: list[RunAllowance]) -> None:
    client, asked_at = NetworkClient(network), timezone.now()
    wanted = [_of(row, client) for row in rows]
    readings = read_allowances(wanted=wanted, client=client)
    reached(RunPoint.ALLOWANCE_READ)
    for row, reading in zip(rows, readings, strict=True):
        with transaction.atomic():
            # A run that starts locks the wallet too: it sees the revocation, or we see the run.
            Wallet.objects.select_for_update().get(pk=row.run.wallet_id)
            use = look_up(row)
            _decide(use, reading, beside=user_of(row.run, use.name, since=asked_at))
        reached(RunPoint.REVOCATION_STORED)


def _of(row: RunAllowance, client: NetworkClient) -> AllowanceOf:
    network, address = row.run.task.network, row.token
    token = ensure_token(network=network, address=address, chain=NetworkReader(client))
    return AllowanceOf(row.run.wallet, token, parse_address(row.spender))


def _decide(use: Use, reading: Reading, *, beside: Run | None) -> None:
    """What follows from the reading, in one database transaction with the wallet locked."""
    row = use.row
    if not RunAllowance.objects.filter(pk=row.pk, look_at=row.look_at).exists():
        return  # another worker was first
    if reading.amount is None:
        _postpone([row], reading.problem)
    elif beside is not None:
        _postpone([row], _behind(beside))
    elif undecided := use.undecided:
        _postpone([row], f"waits for transaction {undecided.pk}")
    elif reading.block_number < use.newest_block():
        _postpone([row], f"the node is at block {reading.block_number}, before its last use")
    elif reading.amount:
        _take_back(row, record_allowance(reading))
    else:
        record_allowance(reading)
        _found_clear(use)


def _found_clear(use: Use) -> None:
    if use.is_final:
        _close(use.row, "nothing is left")
        return
    # A reorganisation may still bring it back.
    RunAllowance.objects.filter(pk=use.row.pk).update(clear_at=timezone.now())
    _postpone([use.row], _CLEAR, UNTIL_FINAL)


def _take_back(row: RunAllowance, allowance: Allowance) -> None:
    if row.tries >= MOST_TRIES:
        log.error("allowance_stays", run=row.run_id, token=row.token, spender=row.spender)
        told = f"{allowance.amount} are left after {row.tries} revocations; it needs an operator"
        _postpone([row], told, ONCE_A_DAY)
        return
    task = row.run.task
    revocation = revoke_allowance(
        allowance=allowance,
        origin=f"run:{row.run_id}",
        actor=this_worker(),
        terms=Terms(task.urgency, row.run.priority, task.max_fee_ceiling),
        protocol=task.protocol.slug,
    )
    log.info("allowance_taken_back", run=row.run_id, transaction=revocation.pk)
    RunAllowance.objects.filter(pk=row.pk).update(
        tries=row.tries + 1,
        clear_at=None,
        look_at=timezone.now() + LOOK_AGAIN * 2**row.tries,
        detail=f"{allowance.amount} are left; transaction {revocation.pk} takes them back",
    )
    reached(RunPoint.REVOCATION_WRITTEN)


def _postpone(rows: Iterable[RunAllowance], sentence: str, pause: timedelta = LOOK_AGAIN) -> None:
    pks = [row.pk for row in rows]
    open_rows = RunAllowance.objects.filter(pk__in=pks, look_at__isnull=False)
    open_rows.update(look_at=timezone.now() + pause, detail=sentence[:300])


def _close(row: RunAllowance, sentence: str) -> None:
    RunAllowance.objects.filter(pk=row.pk).update(look_at=None, detail=sentence[:300])
    reached(RunPoint.ALLOWANCE_SETTLED)
