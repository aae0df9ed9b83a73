"""What gates want to know of what they are asked about: its action, what it gives and brings."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from django.db.models import Q

from protocols.actions import Action
from protocols.registry import UnknownAction, get_action
from scheduling.gates.registry import Subject
from scheduling.models import TaskWallet
from wallets.addresses import AddressError, parse_address
from wallets.models import Limit, Price, Token
from wallets.prices import known_prices, worth
from wallets.transactions.limits import token_scope
from wallets.transactions.policy import PolicyRefusal, check_policy

# A token: its network's key, and its address, empty for the native coin.
Place = tuple[int, str]


def action_of(subject: Subject) -> Action | None:
    """What it is part of; None for what no adapter here knows."""
    try:
        return get_action(subject.row.protocol, subject.row.action)
    except UnknownAction:
        return None


def is_spared(subject: Subject) -> bool:
    """Whether figures about risk keep it from nothing.

    It only takes back, pays back, brings home or ends what was begun; or persons have approved it,
    payment by payment.
    """
    action = action_of(subject)
    reduces = action is not None and action.reduces
    return reduces or subject.finishes or subject.is_approved


def covering(subject: Subject, kind: str, tokens: Iterable[str] = ()) -> list[Limit]:
    """The limits of a kind that hold for it, or for one of these tokens."""
    return subject.limits.among(subject.row, (kind,), tokens)


def given(subject: Subject, *, also_allowed: bool = False) -> Counter[str]:
    """What it gives away by token, as the policy reads its bytes.

    What it only lets others take is not, unless asked for. What the policy refuses gives nothing:
    it is never signed.
    """
    amounts: Counter[str] = Counter()
    try:
        spends = check_policy(subject.row, subject.limits).spends
    except PolicyRefusal:
        return amounts
    for spend in spends:
        if spend.leaves or also_allowed:
            amounts[spend.token] += spend.amount
    return amounts


def brought(subject: Subject, params: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The addresses of the tokens that it brings, as its parameters name them; None is unknown."""
    action = action_of(subject)
    if action is None or action.brings is None:
        return None
    try:
        return tuple(_address(params[name]) for name in action.brings)
    except (AddressError, KeyError):
        return None


def _address(value: object) -> str:
    return "" if value == "native" else parse_address(str(value))


def params_of(subjects: Sequence[Subject]) -> list[Mapping[str, Any]]:
    """What each one's action was told: the task's parameters and the wallet's own. One question."""
    tasks = {one.task.pk for one in subjects if one.task is not None}
    rows = TaskWallet.objects.filter(
        task__in=tasks, wallet__in={one.row.lane.wallet_id for one in subjects}
    )
    own = {(row.task_id, row.wallet_id): row.params for row in rows} if tasks else {}
    return [
        {**one.task.params, **own.get((one.task.pk, one.row.lane.wallet_id), {})}
        if one.task is not None
        else {}
        for one in subjects
    ]


@dataclass(frozen=True, slots=True)
class Valuation:
    """Some tokens with what they are worth now; read with two questions."""

    tokens: Mapping[Place, Token]
    prices: Mapping[int, Price]

    @classmethod
    def of(cls, places: Iterable[Place]) -> "Valuation":
        """For these tokens."""
        wanted = Q(pk__in=())
        for network, address in set(places):
            wanted |= Q(network=network, address=address)
        rows = list(Token.objects.filter(wanted).select_related("network"))
        return cls({(row.network_id, row.address): row for row in rows}, known_prices(rows))

    def cents(self, place: Place, amount: int) -> int | str:
        """US cents, rounded up; or a sentence why nobody knows."""
        token = self.tokens.get(place)
        if token is None:
            return f"what {place[1] or 'the native coin'} is worth is unknown: no token here"
        value = worth(amount, token, self.prices.get(token.pk))
        if value is None:
            return f"the price of {token} is unknown or stale; read or set it (`prices refresh`)"
        return to_cents(value)

    def sum_cents(self, network: int, amounts: Mapping[str, int]) -> int | str:
        """Of several tokens of a network; the first sentence where one is unknown."""
        total = 0
        for address, amount in amounts.items():
            found = self.cents((network, address), amount)
            if isinstance(found, str):
                return found
            total += found
        return total


def to_cents(value: Decimal) -> int:
    """Whole US cents, rounded up."""
    return int((value * 100).to_integral_value(rounding=ROUND_CEILING))


def scope_of(subject: Subject, address: str) -> str:
    """How limits and figures name a token on the network of the call."""
    return token_scope(subject.row.network.slug, address)
