"""What each verb of `manage.py tx` asks of the services below."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet

from airdrops_site.answers import BadInput
from airdrops_site.people import shell_actor
from airdrops_site.tx.known import (
    require_lane,
    require_network,
    require_protocol,
    require_wallet,
)
from wallets.chain.client import NetworkClient
from wallets.chain.errors import ChainError
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
from wallets.transactions.reconcile import note_report, reconcile_lane
from wallets.transactions.states import TransactionState


def find(options: dict[str, Any]) -> QuerySet[Transaction]:
    """The transactions that the filters name, the newest first."""
    require_wallet(options["wallet"])
    require_network(options["network"])
    require_protocol(options["protocol"])
    rows = Transaction.objects.all()
    if options["pending"]:
        rows = pending_transactions()
    if options["stuck"]:
        rows = stuck_transactions()
    wanted = {
        "state": options["state"],
        "outcome": options["outcome"],
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


def ask(verb: str, options: dict[str, Any]) -> str:
    """Do what the verb says to one transaction or lane; what was done, in a sentence."""
    said = {"actor": shell_actor(), "reason": options["reason"] or ""}
    if verb in OF_TRANSACTION:
        service, sentence = OF_TRANSACTION[verb]
        return sentence(service(transaction_id=transaction(options).pk, **said))
    lane = require_lane(options["wallet"], options["network"])
    if verb == "adopt":
        return _adopt(lane, options["hash"], said)
    if verb == "pause":
        pause_lane(lane=lane, **said)
        return f"{lane} signs nothing more; what is signed is watched on"
    resume_lane(lane=lane, **said)
    return f"{lane} signs again"


def reconcile(options: dict[str, Any]) -> list[dict[str, Any]]:
    """The lanes beside their chains: all, or those of a wallet or a network."""
    require_wallet(options["wallet"])
    require_network(options["network"])
    wanted = {"wallet__label": options["wallet"], "network__slug": options["network"]}
    rows = NonceLane.objects.filter(**{name: value for name, value in wanted.items() if value})
    begun = rows.exclude(baseline_nonce=None).select_related("wallet", "network")
    return [_beside_its_chain(row) for row in begun]


def _beside_its_chain(row: NonceLane) -> dict[str, Any]:
    try:
        report = reconcile_lane(lane=row, client=NetworkClient(row.network))
    except ChainError as error:
        # One chain that does not answer keeps nothing from being said of the others.
        return {"lane": str(row), "problems": [f"its chain could not be asked: {error}"]}
    note_report(lane=row, report=report, actor=shell_actor())
    return asdict(report)


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


def _adopt(lane: NonceLane, tx_hash: str, said: dict[str, str]) -> str:
    client = NetworkClient(lane.network)
    done = adopt_transaction(lane=lane, tx_hash=tx_hash, client=client, **said)
    return f"nonce {done.nonce} is transaction {done.pk} now: {done.outcome}"


# What is asked of one transaction, and how to say that it was.
OF_TRANSACTION: dict[str, tuple[Callable[..., Transaction], Callable[[Transaction], str]]] = {
    "cancel": (cancel_transaction, _cancelled),
    "speed-up": (
        speed_up_transaction,
        lambda row: f"transaction {row.pk}: a dearer attempt goes out at the lane's next turn",
    ),
    "resend": (
        resend_transaction,
        lambda row: f"transaction {row.pk}: the same bytes go out at the lane's next turn",
    ),
    "void": (
        void_transaction,
        lambda row: f"transaction {row.pk} is void; resume its lane when you are ready",
    ),
}
