"""Calls of contracts: proposed by one person, approved by another, over by themselves."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from protocols import rules
from protocols.actions import Permission
from protocols.call_models import ApprovedCall
from protocols.calls.adapter import CONTRACT, PROTOCOL
from protocols.calls.encoding import CallError, encode_call, read_function, shown_arguments
from protocols.evm.tokens import TRANSFER
from protocols.models import Deployment
from wallets.address_book import Person, actor_of, require_right, second_person_required
from wallets.addresses import AddressError, parse_address
from wallets.amounts import AmountError, check_amount
from wallets.models import Network, Wallet
from wallets.transactions.arguments import Amount, Unchecked, Vouched
from wallets.transactions.calldata import Leaf, leaves
from wallets.transactions.demands import Check
from wallets.transactions.operator import NotPossible
from wallets.transitions import Machine, born, move

State = ApprovedCall.State
MACHINE = Machine(
    "approved_call",
    {
        "": (State.PROPOSED,),
        State.PROPOSED: (State.APPROVED, State.ENDED),
        State.APPROVED: (State.ENDED,),
    },
)
LONGEST = timedelta(days=30)
_AMOUNT = Amount(path=(1,))
_WHY = "two persons stand behind the very bytes of each call; a guard compares them"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is to be called, until when."""

    network: Network
    address: str
    function: str
    arguments: Sequence[Any]
    expires_at: datetime
    note: str
    value: int = 0
    wallet: Wallet | None = None
    max_uses: int | None = None


def propose_call(*, proposal: Proposal, person: Person) -> ApprovedCall:
    """A new call, which nothing may make until somebody else has approved it."""
    require_right(person, "protocols.add_approvedcall")
    row = check_proposal(proposal)
    row.proposed_by_id = person.pk
    with transaction.atomic():
        row.save()
        born(row, machine=MACHINE, actor=actor_of(person), reason=proposal.note)
    return row


def approve_call(*, call: ApprovedCall, person: Person) -> ApprovedCall:
    """Stand behind a call of somebody else, as it is; from now on it may be made."""
    require_right(person, "protocols.approve_approvedcall")
    if call.state != State.PROPOSED:
        raise NotPossible(f"{call} is {call.state}; there is nothing to approve")
    if call.expires_at <= timezone.now():
        raise NotPossible(f"{call} is over since {call.expires_at:%Y-%m-%d %H:%M} UTC")
    if digest_of(call) != call.digest:
        raise NotPossible(f"{call} is not what was proposed any more; end it and propose it anew")
    alone = call.proposed_by_id == person.pk
    if alone and second_person_required():
        raise NotPossible(f"{call} was proposed by {person.get_username()}; another approves it")
    if code_of(_require_registered(call)) != code_of(call):
        raise NotPossible(f"{call.address} has other code than when it was proposed; look again")
    changes = {"approved_by_id": person.pk, "approved_at": timezone.now(), "approved_alone": alone}
    with transaction.atomic():
        move(call, State.APPROVED, machine=MACHINE, actor=actor_of(person), **changes)
        _write_rule(call)
    return call


def revoke_call(*, call: ApprovedCall, reason: str, person: Person) -> ApprovedCall:
    """Let nothing make the call any more."""
    require_right(person, "protocols.change_approvedcall")
    if call.state == State.ENDED:
        raise NotPossible(f"{call} has ended already")
    _end(call, actor=actor_of(person), reason=reason)
    return call


def end_expired_calls() -> int:
    """Take away what time has ended; returns how many. The guard needs none of this."""
    over = ApprovedCall.objects.exclude(state=State.ENDED).filter(expires_at__lte=timezone.now())
    rows = list(over.select_related("network"))
    for row in rows:
        _end(row, actor="the clock", reason="its time is over")
    return len(rows)


def check_proposal(proposal: Proposal) -> ApprovedCall:
    """The call as it would be kept, or NotPossible with what is wrong."""
    now = timezone.now()
    if not now < proposal.expires_at <= now + LONGEST:
        raise NotPossible(f"choose an end within the next {LONGEST.days} days")
    if not proposal.note.strip():
        raise NotPossible("say what the call does, and who said so")
    if proposal.max_uses is not None and not 0 < proposal.max_uses < 2**31:
        raise NotPossible("it is made once at least; leave the number out where none is meant")
    if not isinstance(proposal.arguments, list | tuple):
        raise NotPossible("the arguments are no list; write [] for none")
    try:
        function = read_function(proposal.function)
        data = encode_call(function, proposal.arguments)
        address, value = parse_address(proposal.address), check_amount(proposal.value)
    except (CallError, AddressError, AmountError) as error:
        raise NotPossible(str(error)) from None
    row = ApprovedCall(
        network=proposal.network,
        address=address,
        function=function,
        arguments=shown_arguments(function, data),
        value=value,
        data=data,
        note=proposal.note,
        wallet=proposal.wallet,
        max_uses=proposal.max_uses,
        expires_at=proposal.expires_at,
        state_changed_at=now,
    )
    row.code_hash, row.implementation = code_of(_require_registered(row))
    row.digest = digest_of(row)
    return row


def digest_of(call: ApprovedCall) -> str:
    """What binds the approval to every fact of the call."""
    facts: dict[str, Any] = {
        "chain_id": call.network.chain_id,
        "address": call.address,
        "function": call.function,
        "arguments": call.arguments,
        "value": str(call.value),
        "data": bytes(call.data).hex(),
        "code": code_of(call),
        "expires_at": call.expires_at.astimezone(UTC).isoformat(),
    }
    # Where they are not meant they are left out, as they were before there were any.
    if call.wallet is not None:
        facts["wallet"] = call.wallet.address
    if call.max_uses is not None:
        facts["max_uses"] = call.max_uses
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def code_of(row: Deployment | ApprovedCall) -> tuple[str, str]:
    """The hash of a contract's code, and what it leads to where it is a proxy."""
    return row.code_hash, row.implementation


def _require_registered(call: ApprovedCall) -> Deployment:
    found = Deployment.objects.filter(
        protocol__slug=PROTOCOL, network=call.network, address=call.address, enabled=True
    ).first()
    if found is None:
        raise NotPossible(
            f"{call.address} is no enabled contract on {call.network.name}; register it as "
            f"{CONTRACT}-name and verify it first"
        )
    return found


def _alike(call: ApprovedCall) -> Any:
    """The approved calls of the same function, which share a rule."""
    return ApprovedCall.objects.filter(
        network=call.network,
        address=call.address,
        function=call.function,
        state=State.APPROVED,
        expires_at__gt=timezone.now(),
    )


def _permission(call: ApprovedCall, *, payable: bool) -> Permission:
    checks = tuple(_check(call.function, leaf) for leaf in leaves(call.function))
    return Permission(CONTRACT, call.function, checks, payable=payable)


def _check(function: str, leaf: Leaf) -> Check:
    """Nothing, for the guard compares all of it; but a token's transfer counts, each time anew."""
    if function == TRANSFER.signature and leaf.path == _AMOUNT.path:
        return _AMOUNT
    kind = Vouched if leaf.may_be_a_call else Unchecked
    return kind(path=leaf.path, reason=_WHY)


def _write_rule(call: ApprovedCall) -> None:
    payable = any(_alike(call).values_list("value", flat=True))
    rules.allow(
        network=call.network,
        address=call.address,
        permissions={PROTOCOL: [_permission(call, payable=payable)]},
        code_hash=call.code_hash,
        source=f"approved call {call.pk}",
    )


def _end(call: ApprovedCall, *, actor: str, reason: str) -> None:
    """With the rule of its function, where it was the last."""
    with transaction.atomic():
        move(call, State.ENDED, machine=MACHINE, actor=actor, reason=reason)
        if not _alike(call).exists():
            rules.forbid(
                network=call.network,
                address=call.address,
                protocol=PROTOCOL,
                permissions=[_permission(call, payable=False)],
                reason="no approved call of it is left",
            )
