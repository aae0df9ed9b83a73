"""Whether a revocation that a person asked for has done it: the chain is asked once it is final."""

from collections import defaultdict
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from eth_typing import ChecksumAddress

from wallets.actors import this_worker
from wallets.addresses import parse_address
from wallets.allowance_readings import keep_readings, note, show_allowance
from wallets.allowances import AllowanceOf, Reading, read_allowances
from wallets.chain.client import NetworkClient
from wallets.chain.errors import ChainError
from wallets.models import Allowance, Network, Receipt
from wallets.transactions.states import ENDED

log = structlog.get_logger(__name__)

LOOK_AGAIN = timedelta(seconds=10)
ROWS_PER_PASS = 100


def due() -> QuerySet[Allowance]:
    """Those whose revocation is to be looked at now."""
    return Allowance.objects.filter(verify_at__lte=timezone.now())


def look_after(allowance: Allowance) -> None:
    """Have it looked at until its revocation has ended and the chain has said what is left."""
    Allowance.objects.filter(pk=allowance.pk).update(verify_at=timezone.now() + LOOK_AGAIN)


def verify_revocations() -> int:
    """Look at each that is due; returns how many there were."""
    rows = list(
        due()
        .select_related("wallet", "token__network", "revocation")
        .order_by("verify_at")[:ROWS_PER_PASS]
    )
    ended: dict[Network, list[Allowance]] = defaultdict(list)
    for row in rows:
        if row.revocation is None or row.revocation.state in ENDED:
            ended[row.token.network].append(row)
        else:
            _postpone(row)
    for network, here in ended.items():
        _look(network, here)
    return len(rows)


def of_row(row: Allowance) -> AllowanceOf:
    """What the row is about."""
    spender: ChecksumAddress = parse_address(row.spender)
    return AllowanceOf(row.wallet, row.token, spender, row.through)


def _look(network: Network, rows: list[Allowance]) -> None:
    try:
        wanted = [of_row(row) for row in rows]
        readings = read_allowances(wanted=wanted, client=NetworkClient(network))
    except ChainError as error:
        log.warning("revocations_wait_for_rpc", network=network.slug, reason=str(error))
        for row in rows:
            _postpone(row)
        return
    for row, reading in zip(rows, readings, strict=True):
        if reading.amount is None or reading.block_number < _newest_block(row):
            _postpone(row)
        else:
            _settle(row, reading)


def _settle(row: Allowance, reading: Reading) -> None:
    """Keep what is left; whoever asked anew meanwhile is looked after in turn."""
    with transaction.atomic():
        same = Allowance.objects.filter(pk=row.pk, revocation=row.revocation_id)
        if not same.filter(verify_at=row.verify_at).update(verify_at=None):
            return
        keep_readings([reading], actor=this_worker())
        row.refresh_from_db(fields=("amount", "block_number"))
        note(row, actor=this_worker(), reason=_found(row, reading))
    if row.amount:
        log.error("allowance_stands", allowance=row.pk, transaction=row.revocation_id)


def _found(row: Allowance, reading: Reading) -> str:
    after = f"at block {reading.block_number}, after transaction {row.revocation_id} ended"
    if reading.amount == 0:
        return f"nothing is left {after}"
    return f"{show_allowance(row, row.token)} still stands {after}"


def _newest_block(row: Allowance) -> int:
    """Where the revocation is mined: what is read before it says nothing."""
    receipts = Receipt.objects.filter(transaction=row.revocation_id, canonical=True)
    return receipts.aggregate(newest=Max("block_number"))["newest"] or 0


def _postpone(row: Allowance) -> None:
    same = Allowance.objects.filter(pk=row.pk, verify_at=row.verify_at)
    same.update(verify_at=timezone.now() + LOOK_AGAIN)
