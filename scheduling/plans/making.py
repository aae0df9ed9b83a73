"""Making a plan: every line is checked before anything is written."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from scheduling.models import Plan, PlanLine
from scheduling.plan_states import LINE, PLAN
from scheduling.plans.digest import digest_of, line_digest
from wallets.address_book import Person, actor_of, require_right
from wallets.addresses import parse_address
from wallets.amounts import MAX_UINT256
from wallets.models import Token, Transaction, Wallet
from wallets.recipients import may_receive
from wallets.transactions.operator import NotPossible
from wallets.transitions import born, recorded_all

MOST_LINES = 1_000


@dataclass(frozen=True, slots=True)
class Payment:
    """A line to be: base units of a token from a wallet to an address."""

    wallet: Wallet
    token: Token
    amount: int
    recipient: str
    purpose: str
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Maker:
    """Who makes a plan: a person, or a shell, whose plans go to safe addresses only."""

    person: Person | None
    actor: str

    @classmethod
    def of(cls, person: Person) -> "Maker":
        """Somebody who has signed in."""
        return cls(person, actor_of(person))


def make_plan(
    *,
    kind: str,
    title: str,
    payments: Sequence[Payment],
    maker: Maker,
    urgency: str = Transaction.Urgency.NORMAL,
    balances_at: datetime | None = None,
) -> Plan:
    """A draft with these lines, or NotPossible that names each line that cannot be."""
    if maker.person is not None:
        require_right(maker.person, "scheduling.operate_plan")
    _require_possible(payments)
    with transaction.atomic():
        plan = Plan(
            kind=kind,
            title=title[:120],
            urgency=urgency,
            balances_at=balances_at,
            created_by_id=maker.person.pk if maker.person else None,
            created_from=maker.actor[:100],
        )
        lines = [line_of(plan, place, one) for place, one in enumerate(payments, 1)]
        for line in lines:
            line.digest = line_digest(line)
        plan.digest = digest_of(plan, lines)
        plan.save()
        PlanLine.objects.bulk_create(lines)
        born(plan, machine=PLAN, actor=maker.actor, reason=f"{len(lines)} lines")
        keys = list(plan.lines.values_list("pk", flat=True))
        waiting = str(lines[0].state)
        recorded_all(LINE.subject, keys, "", waiting, reason="", actor=maker.actor)
    return plan


def line_of(plan: Plan, index: int, one: Payment) -> PlanLine:
    """The line a payment becomes, not saved."""
    return PlanLine(
        plan=plan,
        index=index,
        wallet=one.wallet,
        token=one.token,
        amount=one.amount,
        everything=one.everything,
        recipient=parse_address(one.recipient),
        purpose=one.purpose[:200],
    )


def _require_possible(payments: Sequence[Payment]) -> None:
    if not payments:
        raise NotPossible("there is nothing to move; no plan was made")
    if len(payments) > MOST_LINES:
        raise NotPossible(f"{len(payments)} lines are more than {MOST_LINES}; make several plans")
    wrong = [
        f"line {place}: {reason}"
        for place, one in enumerate(payments, 1)
        for reason in _complaints(one)
    ]
    wrong += _repeated(payments)
    if wrong:
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise NotPossible("; ".join(wrong[:5]) + more)


def _complaints(one: Payment) -> Iterator[str]:
    if not 0 < one.amount <= MAX_UINT256:
        yield "the amount is not above zero"
    if one.everything and not one.token.is_native:
        yield f"only the native coin goes less its fee; write an amount of {one.token.symbol}"
    if not one.purpose.strip():
        yield "it has no purpose; say in a few words what it is for"
    yield from _unfit_parties(one)


def _unfit_parties(one: Payment) -> Iterator[str]:
    network = one.token.network
    if one.wallet.status != Wallet.Status.VERIFIED:
        yield f"{one.wallet.label} is {one.wallet.status}; only verified wallets sign"
    if one.wallet.signer_kind == Wallet.SignerKind.WATCH_ONLY:
        yield f"{one.wallet.label} is watched only; its key is not here"
    if not (one.token.enabled and network.enabled):
        yield f"{one.token} or its network is disabled"
    if one.recipient == one.wallet.address:
        yield f"{one.wallet.label} would pay itself"
    if not may_receive(one.recipient, network):
        yield (
            f"{one.recipient} is no verified wallet of ours, no safe address, and not confirmed in "
            f"the address book for {network.slug}"
        )


def _repeated(payments: Iterable[Payment]) -> Iterator[str]:
    """The same payment twice is a slip, unless its purpose says that it is two."""
    seen: dict[tuple[object, ...], int] = {}
    for place, one in enumerate(payments, 1):
        key = (one.wallet.pk, one.token.pk, one.recipient, one.purpose)
        first = seen.setdefault(key, place)
        if first != place:
            yield f"line {place} repeats line {first}; give it another purpose if it is another"
