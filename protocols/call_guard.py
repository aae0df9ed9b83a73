"""Of approved calls only what two persons stand behind is signed: the bytes, whose, how often."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from protocols.approved_calls import State, code_of, digest_of
from protocols.call_models import ApprovedCall
from protocols.calls.adapter import ACTION, PROTOCOL
from protocols.models import Deployment
from wallets.models import Transaction
from wallets.transactions.guards import ALLOWED, Answer, Verdict
from wallets.transactions.states import ENDED_UNSENT

# Network, contract, the code there and where it leads, value, calldata.
_Key = tuple[int, str, tuple[str, str], int, bytes]


def check_calls(transactions: Sequence[Transaction]) -> dict[int, Verdict]:
    """The guard: of this protocol only what is approved, to the byte, is signed."""
    verdicts = {one.pk: ALLOWED for one in transactions}
    ours = [one for one in transactions if one.protocol == PROTOCOL]
    if ours:
        book = _Book.about(ours)
        verdicts |= {one.pk: book.judge(one) for one in ours}
    return verdicts


@dataclass(frozen=True, slots=True)
class _Book:
    """What stands now of the contracts that are called; `used` counts what is let pass, too."""

    codes: dict[tuple[int, str], tuple[str, str]]
    approved: dict[_Key, list[ApprovedCall]]
    used: Counter[int] = field(default_factory=Counter)

    @classmethod
    def about(cls, rows: Sequence[Transaction]) -> "_Book":
        """Read, and where something is to be signed locked: two lanes may want the last use."""
        enabled = Deployment.objects.filter(
            protocol__slug=PROTOCOL, enabled=True, address__in={row.to for row in rows}
        )
        codes = {(one.network_id, one.address): code_of(one) for one in enabled}
        approved: dict[_Key, list[ApprovedCall]] = defaultdict(list)
        for one in _standing(rows):
            if digest_of(one) == one.digest:
                key = (one.network_id, one.address, code_of(one), one.value, bytes(one.data))
                approved[key].append(one)
        book = cls(codes, approved)
        limited = [one for found in approved.values() for one in found if one.max_uses]
        book.used.update({one.pk: _uses(one, rows) for one in limited})
        return book

    def judge(self, row: Transaction) -> Verdict:
        """Whether it is one of those, made by whom and as often as was meant."""
        code = self.codes.get((row.network_id, row.to))
        if row.action != ACTION or code is None:
            return _refuse(f"{row.to} is no enabled contract of {PROTOCOL} on {row.network.name}")
        key = (row.network_id, row.to, code, row.value, bytes(row.data))
        found = self.approved.get(key, [])
        of_wallet = [one for one in found if one.wallet_id in (None, row.lane.wallet_id)]
        for one in of_wallet:
            if one.max_uses is None or self.used[one.pk] < one.max_uses:
                self.used[one.pk] += 1
                return ALLOWED
        return _refuse(_why_not(row, found, of_wallet))


def _standing(rows: Sequence[Transaction]) -> Iterable[ApprovedCall]:
    found = ApprovedCall.objects.filter(
        network__in={row.network_id for row in rows},
        address__in={row.to for row in rows},
        state=State.APPROVED,
        expires_at__gt=timezone.now(),
    )
    if connection.in_atomic_block:
        found = found.select_for_update(of=("self",))
    # Always in one order: whoever locks several waits for nobody who waits for them.
    return found.select_related("network", "wallet").order_by("pk")


def _uses(call: ApprovedCall, asked: Iterable[Transaction]) -> int:
    """How often others were signed since it was approved, whatever became of them."""
    since = Q(attempts__isnull=True) | Q(attempts__created_at__gte=call.approved_at)
    signed = Transaction.objects.filter(
        since,
        protocol=PROTOCOL,
        network=call.network_id,
        to=call.address,
        value=call.value,
        data=bytes(call.data),
        nonce__isnull=False,
    )
    if call.wallet_id:
        signed = signed.filter(lane__wallet=call.wallet_id)
    others = signed.exclude(state__in=ENDED_UNSENT).exclude(pk__in=[one.pk for one in asked])
    return others.distinct().count()


def _why_not(
    row: Transaction, found: Sequence[ApprovedCall], of_wallet: Sequence[ApprovedCall]
) -> str:
    if of_wallet:
        used = max(one.max_uses or 0 for one in of_wallet)
        return (
            f"the approved call at {row.to} has been signed {used} times, as often as was "
            "approved; propose it anew"
        )
    if found:
        return f"the approved call at {row.to} is for another wallet; propose it for this one"
    return (
        f"no approved call at {row.to} is exactly this one, or its time is over; propose it and "
        "have somebody else approve it"
    )


def _refuse(sentence: str) -> Verdict:
    return Verdict(Answer.REFUSE, sentence)
