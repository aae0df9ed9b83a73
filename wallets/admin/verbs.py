"""What may be asked of transactions, lanes and signed requests in the console."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from wallets.chain.client import NetworkClient
from wallets.console.asking import NothingToSay, Reason, ReasonIfAny, Verb
from wallets.models import NonceLane, SignedRequest
from wallets.requests.services import cancel_request, settle_request
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
from wallets.transactions.states import PENDING, RequestState
from wallets.transactions.states import TransactionState as S


class Adopted(Reason):
    """Which, and why."""

    tx_hash = forms.CharField(
        label="Hash", max_length=100, widget=UnfoldAdminTextInputWidget, help_text="0x…, as mined."
    )
    field_order = ("tx_hash", "reason")


def _adopt(lane: NonceLane, said: dict[str, Any]) -> str:
    done = adopt_transaction(lane=lane, client=NetworkClient(lane.network), **said)
    return f"nonce {done.nonce} is transaction {done.pk} now: {done.get_outcome_display()}"


def _reconcile(lane: NonceLane, actor: str) -> str:
    if lane.baseline_nonce is None:
        return "it has not begun; there is nothing to compare"
    report = reconcile_lane(lane=lane, client=NetworkClient(lane.network))
    note_report(lane=lane, report=report, actor=actor)
    found = "; ".join(report.problems) or "they agree"
    return f"the chain counts {report.mined}, our rows {report.following}: {found}"


_ADOPT = (
    "A mined transaction that was made elsewhere with this key, or one of ours that was given up "
    "too early, takes the place of its nonce in our rows. Nothing is signed or sent."
)

TRANSACTION_VERBS = (
    Verb(
        "cancel",
        "Cancel",
        "What has no nonce ends. Beside what is signed, a cancel (0 to the wallet itself) is put "
        "at the same nonce: whichever of them is mined first counts.",
        lambda row, **said: cancel_transaction(transaction_id=row.pk, **said),
        lambda row: row.state in (S.QUEUED, S.HELD, *PENDING),
        button="Cancel it",
    ),
    Verb(
        "speed_up",
        "Speed up",
        "The same call is signed once more at the same nonce and offers more for its gas, within "
        "the ceilings. Only one of the attempts can be mined.",
        lambda row, **said: speed_up_transaction(transaction_id=row.pk, **said),
        lambda row: row.state in (S.SIGNED, S.BROADCAST),
        ReasonIfAny,
    ),
    Verb(
        "resend",
        "Send again",
        "The stored bytes are sent once more, to every endpoint they are for. Nothing is signed.",
        lambda row, **said: resend_transaction(transaction_id=row.pk, **said),
        lambda row: row.state in PENDING,
        ReasonIfAny,
    ),
    Verb(
        "adopt",
        "Adopt",
        _ADOPT,
        lambda row, **said: _adopt(row.lane, said),
        lambda row: row.state == S.NEEDS_OPERATOR,
        Adopted,
    ),
    Verb(
        "void",
        "Void",
        "It is closed for good: you have made sure that its nonce was used for something else and "
        "that it will never be mined. Its run fails; resume its lane afterwards.",
        lambda row, **said: void_transaction(transaction_id=row.pk, **said),
        lambda row: row.state == S.NEEDS_OPERATOR,
    ),
)

LANE_VERBS = (
    Verb(
        "pause",
        "Pause",
        "Nothing more is signed in it until a person resumes it; what is signed is watched on.",
        lambda row, **said: pause_lane(lane=row, **said),
        lambda row: not row.paused,
    ),
    Verb(
        "resume",
        "Resume",
        "It signs again at its next turn. Why it was paused should be settled.",
        lambda row, **said: resume_lane(lane=row, **said),
        lambda row: row.paused,
        ReasonIfAny,
    ),
    Verb(
        "reconcile",
        "Reconcile",
        "The chain is asked what it counts, and the answer compared with our rows. It changes "
        "nothing; what was found goes into the lane's history.",
        lambda row, actor: _reconcile(row, actor),
        lambda _row: True,
        NothingToSay,
    ),
    Verb(
        "adopt",
        "Adopt",
        _ADOPT,
        lambda row, **said: _adopt(row, said),
        lambda _row: True,
        Adopted,
    ),
)


def _settle(row: SignedRequest, *, done: bool, said: dict[str, Any]) -> object:
    return settle_request(request_id=row.pk, done=done, **said)


REQUEST_VERBS = (
    Verb(
        "cancel",
        "Cancel",
        "It ends, if it has not left; what has left cannot be taken back here.",
        lambda row, **said: cancel_request(request_id=row.pk, **said),
        lambda row: row.state in (RequestState.PREPARED, RequestState.SIGNED),
        button="Cancel it",
    ),
    Verb(
        "settle_as_done",
        "The venue did it",
        "You have looked at the venue: it is there.",
        lambda row, **said: _settle(row, done=True, said=said),
        lambda row: row.state == RequestState.NEEDS_OPERATOR,
    ),
    Verb(
        "settle_as_not_done",
        "The venue did not do it",
        "You have looked at the venue: it is not there, and will not be.",
        lambda row, **said: _settle(row, done=False, said=said),
        lambda row: row.state == RequestState.NEEDS_OPERATOR,
    ),
)
