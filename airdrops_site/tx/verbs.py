"""What each verb of `manage.py tx` asks of the services below."""

import getpass
from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet

from wallets.chain.client import NetworkClient
from wallets.models import NonceLane, Transaction
from wallets.selectors import pending_transactions, stuck_transactions
from wallets.transactions.adoption import adopt_transaction
from wallets.transactions.operator import (
    cancel_transaction,
    pause_lane,
    resend_transaction,
    resume_lane,
    speed_up_transaction,
    void_transaction,
)
from wallets.transactions.reconcile import reconcile_lane
from wallets.transactions.states import TransactionState


class BadInput(Exception):
    """One sentence about what was typed; nothing was changed."""


def find(options: dict[str, Any]) -> QuerySet[Transaction]:
    """The transactions that the filters name, the newest first."""
    rows = Transaction.objects.all()
    if options["pending"]:
        rows = pending_transactions()
    if options["stuck"]:
        rows = stuck_transactions()
    wanted = {
        "state": options["state"],
        "lane__wallet__label": options["wallet"],
        "network__slug": options["network"],
        "protocol": options["protocol"],
    }
    found = rows.filter(**{name: value for name, value in wanted.items() if value})
    return found.order_by("-id")


def transaction(options: dict[str, Any]) -> Transaction:
    """The transaction of this number."""
    rows = Transaction.objects.select_related("lane__wallet", "network")
    row = rows.filter(pk=options["id"]).first()
    if row is None:
        raise BadInput(f"there is no transaction {options['id']}; `tx list` shows them")
    return row


def lane(options: dict[str, Any]) -> NonceLane:
    """The lane of this wallet on this network."""
    rows = NonceLane.objects.select_related("wallet", "network")
    row = rows.filter(wallet__label=options["wallet"], network__slug=options["network"]).first()
    if row is None:
        raise BadInput(
            f"{options['wallet']} has never acted on {options['network']}; check the wallet's "
            "label and the network's slug"
        )
    return row


def ask(verb: str, options: dict[str, Any]) -> str:
    """Do what the verb says to one transaction or lane; what was done, in a sentence."""
    match verb:
        case "cancel":
            done = cancel_transaction(
                transaction_id=transaction(options).pk, actor=_actor(), reason=options["reason"]
            )
            return _cancelled(done)
        case "speed-up":
            done = speed_up_transaction(
                transaction_id=transaction(options).pk, actor=_actor(), reason=options["reason"]
            )
            return f"transaction {done.pk}: a dearer attempt goes out at the lane's next turn"
        case "resend":
            done = resend_transaction(
                transaction_id=transaction(options).pk, actor=_actor(), reason=options["reason"]
            )
            return f"transaction {done.pk}: the same bytes go out at the lane's next turn"
        case "void":
            done = void_transaction(
                transaction_id=transaction(options).pk, actor=_actor(), reason=options["reason"]
            )
            return f"transaction {done.pk} is void; resume its lane when you are ready"
        case "adopt":
            return _adopt(options)
        case "pause":
            pause_lane(lane=lane(options), actor=_actor(), reason=options["reason"])
            return f"{lane(options)} signs nothing more; what is signed is watched on"
        case "resume":
            resume_lane(lane=lane(options), actor=_actor(), reason=options["reason"])
            return f"{lane(options)} signs again"
    raise BadInput(f"{verb} is not a verb of tx")


def reconcile(options: dict[str, Any]) -> list[dict[str, Any]]:
    """The lanes beside their chains: all, or those of a wallet or a network."""
    wanted = {"wallet__label": options["wallet"], "network__slug": options["network"]}
    rows = NonceLane.objects.filter(**{name: value for name, value in wanted.items() if value})
    return [
        asdict(reconcile_lane(lane=row, client=NetworkClient(row.network)))
        for row in rows.exclude(baseline_nonce=None).select_related("wallet", "network")
    ]


def _cancelled(row: Transaction) -> str:
    if row.state == TransactionState.CANCELLED:
        return f"transaction {row.pk} is cancelled; it had no nonce"
    if row.state == TransactionState.VOIDED:
        return (
            f"transaction {row.pk} is void, nothing of it has left; nonce {row.nonce} gets a filler"
        )
    return (
        f"transaction {row.pk}: a cancel at nonce {row.nonce} goes out at the lane's next turn; "
        "whichever is mined first counts"
    )


def _adopt(options: dict[str, Any]) -> str:
    row = lane(options)
    done = adopt_transaction(
        lane=row,
        tx_hash=options["hash"],
        client=NetworkClient(row.network),
        actor=_actor(),
        reason=options["reason"],
    )
    return f"nonce {done.nonce} is transaction {done.pk} now: {done.outcome}"


def _actor() -> str:
    return f"shell {getpass.getuser()}"
