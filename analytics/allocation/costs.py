"""What a move would cost: gas, what an exchange takes, a bridge's fee; asked of the chains.

What is not known is not guessed: the move is refused with a sentence.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, localcontext
from typing import Any

from django.utils import timezone

from analytics.allocation.moves import Draft, Taken
from analytics.allocation.routes import Leg
from analytics.allocation.stock import Stock
from analytics.allocation.values import CannotAllocate
from analytics.exposure import to_cents
from analytics.models import AllocationPolicy
from protocols.actions import Context, PlanError
from protocols.context import NetworkReader, build_context
from protocols.params import NATIVE
from protocols.previews import ClientOf, Preview, preview_action
from protocols.registry import UnknownAction
from wallets.amounts import DIGITS
from wallets.chain.errors import ChainError
from wallets.models import Network, Receipt, Token, Transaction, Wallet
from wallets.transactions.expectations import minimum_out

# So many past receipts say what an action takes.
LOOKED_AT = 100


@dataclass(frozen=True, slots=True)
class PricedLeg:
    """A leg with what each wallet gives it, and what it costs in US dollars."""

    leg: Leg
    taken: Taken
    fee: Decimal
    loss: Decimal
    # The calls that were planned already, for asking whether one person may.
    calls: tuple[Transaction, ...] = ()


@dataclass(frozen=True, slots=True)
class Priced:
    """A draft, and its legs by the best way."""

    draft: Draft
    legs: tuple[PricedLeg, ...]

    @property
    def cost_cents(self) -> int:
        """Rounded up."""
        with localcontext(prec=2 * DIGITS):
            whole = sum((one.fee + one.loss for one in self.legs), Decimal(0))
            return to_cents(whole, ROUND_CEILING)


class Pricing:
    """Prices drafts, and remembers what networks have said."""

    def __init__(self, policy: AllocationPolicy, stock: Stock, client_of: ClientOf) -> None:
        self._policy, self._stock, self._client_of = policy, stock, client_of
        self._gas_prices: dict[int, int] = {}
        self._past: dict[tuple[str, str, int], tuple[int, int] | None] = {}

    def price(self, draft: Draft) -> Priced:
        """By the way that brings most; CannotAllocate where one of its costs is unknown."""
        try:
            walked = self._best(draft)
            legs = [self._with_fee(leg, first=not place) for place, leg in enumerate(walked)]
        except (PlanError, UnknownAction, ChainError) as error:
            raise CannotAllocate(str(error)) from error
        return Priced(draft, tuple(legs))

    def _best(self, draft: Draft) -> list[PricedLeg]:
        """The walk with the least loss; the reason of the last where none can be walked."""
        found, reason = [], ""
        for way in draft.ways:
            try:
                found.append(self._walk(way, draft.taken))
            except (PlanError, UnknownAction) as error:
                reason = str(error)
        if not found:
            raise CannotAllocate(reason)
        return min(found, key=lambda legs: sum((one.loss for one in legs), Decimal(0)))

    def _walk(self, way: Sequence[Leg], taken: Taken) -> list[PricedLeg]:
        """Each leg takes what the one before surely brings."""
        legs = []
        for leg in way:
            loss, brings = Decimal(0), taken
            if leg.quoter is not None:
                loss, brings = self._exchange(leg, taken)
            legs.append(PricedLeg(leg, taken, Decimal(0), loss))
            taken = brings
        return legs

    def _exchange(self, leg: Leg, taken: Taken) -> tuple[Decimal, Taken]:
        """What is lost by it, quoted for all wallets together; and the least each one gets."""
        total = sum(amount for _, amount in taken)
        context = self._context(leg, taken[0][0])
        names = (leg.params["token_in"], leg.params["token_out"])
        expected = leg.quoter(context, *names, total) if leg.quoter else 0
        given, got = self._stock.worth(total, leg.token), self._stock.worth(expected, leg.result)
        if given is None or got is None:
            raise CannotAllocate(f"the price of {leg.token} or {leg.result} is unknown or stale")
        least = minimum_out(expected, self._policy.slippage_bps)
        brings = tuple((wallet, least * amount // total) for wallet, amount in taken)
        return max(Decimal(0), given - got), brings

    def _context(self, leg: Leg, wallet: Wallet) -> Context:
        return build_context(
            network=leg.network,
            wallet=wallet,
            protocol=leg.protocol,
            client=self._client_of(leg.network),
            now=timezone.now(),
        )

    def _with_fee(self, one: PricedLeg, *, first: bool) -> PricedLeg:
        """The first leg is planned and simulated; of later ones the past says what they take."""
        fee, calls = self._fee_at_its_end(one.leg, len(one.taken)), []
        if not first:
            fee += self._usual_fee(one.leg, one.taken, self._bridge_fee(one.leg, one.taken))
            return PricedLeg(one.leg, one.taken, fee, one.loss)
        for wallet, amount in one.taken:
            found = preview_action(
                protocol=one.leg.protocol,
                action=one.leg.action,
                network=one.leg.network,
                wallet=wallet,
                params=params_of(one.leg, amount, self._policy.slippage_bps),
                client_of=self._client_of,
            )
            _require_possible(found)
            fee += self._fee_of(one.leg, found, amount)
            calls += [call.row for call in found.calls]
        return PricedLeg(one.leg, one.taken, fee, one.loss, tuple(calls))

    def _fee_of(self, leg: Leg, found: Preview, amount: int) -> Decimal:
        """What its calls cost at most, and what they send beside the amount: a bridge's fee."""
        known = [call.simulated.fee for call in found.calls]
        sent = sum(call.row.value for call in found.calls)
        beside = sent - (amount if leg.token.is_native and sent else 0)
        if None in known:
            return self._usual_fee(leg, ((found.wallet, amount),), beside)
        return self._dollars(sum(one or 0 for one in known) + max(0, beside), leg.network)

    def _usual_fee(self, leg: Leg, taken: Taken, beside: int = 0) -> Decimal:
        """Gas of the past, or what the policy assumes, at the price of now."""
        each = self._usual_gas(leg, leg.network)
        return self._dollars(each * len(taken) + max(0, beside), leg.network)

    def _fee_at_its_end(self, leg: Leg, wallets: int) -> Decimal:
        """Of a withdrawal, what L1 takes for paying it out: the larger part of its cost."""
        if not leg.ends_there:
            return Decimal(0)
        there = leg.result.network
        return self._dollars(self._usual_gas(leg, there) * wallets, there)

    def _bridge_fee(self, leg: Leg, taken: Taken) -> int:
        """Wei that a bridge asks beside the gas, of all wallets; asked, since none holds it yet."""
        if leg.fee_quoter is None:
            return 0
        name = leg.token.address or NATIVE
        return sum(
            leg.fee_quoter(self._context(leg, wallet), name, amount) for wallet, amount in taken
        )

    def _usual_gas(self, leg: Leg, network: Network) -> int:
        """Wei for the gas that one wallet pays for it on that network."""
        past = self._past_gas(leg, network)
        gas, l1_fee = past or (self._policy.assumed_gas or 0, 0)
        if not gas:
            raise CannotAllocate(
                f"what it costs on {network.slug} to {leg.words} is unknown: it cannot be "
                "simulated yet and was never done here; give the policy an assumed gas"
            )
        return gas * self._gas_price(network) + l1_fee

    def _past_gas(self, leg: Leg, network: Network) -> tuple[int, int] | None:
        """Gas and L1 fee of a run of it, on average rounded up; None where there was none."""
        key = (leg.protocol, leg.action, network.pk)
        if key not in self._past:
            self._past[key] = _past_gas(*key)
        return self._past[key]

    def _gas_price(self, network: Network) -> int:
        if network.pk not in self._gas_prices:
            reader = NetworkReader(self._client_of(network))
            self._gas_prices[network.pk] = reader.gas_price()
        return self._gas_prices[network.pk]

    def _dollars(self, wei: int, network: Network) -> Decimal:
        coin = Token.objects.filter(network=network, address="").first()
        value = self._stock.worth(wei, coin) if coin else None
        if value is None:
            raise CannotAllocate(
                f"the price of {network.slug}'s coin is unknown or stale, and so is what gas costs"
            )
        return value


def params_of(leg: Leg, amount: int, slippage_bps: int) -> Mapping[str, Any]:
    """What the leg's action is asked to do with one wallet's amount."""
    slippage = {"slippage_bps": slippage_bps} if leg.kind == "swap" else {}
    return {**leg.params, **slippage, "amount": str(amount)}


def _require_possible(found: Preview) -> None:
    refused = [call.refusal for call in found.calls if call.refusal]
    undone = [call.simulated.problem for call in found.calls if call.simulated.reverts]
    if wrong := [*found.problems, *refused, *undone]:
        raise CannotAllocate(f"{found.summary} with {found.wallet.label}: {wrong[0]}")


def _past_gas(protocol: str, action: str, network: int) -> tuple[int, int] | None:
    rows = Receipt.objects.filter(
        canonical=True,
        succeeded=True,
        transaction__network=network,
        transaction__protocol=protocol,
        transaction__action=action,
        transaction__step__isnull=False,
    ).order_by("-id")
    runs: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for run, gas, l1_fee in rows.values_list("transaction__step__run", "gas_used", "l1_fee")[
        :LOOKED_AT
    ]:
        runs[run][0] += gas
        runs[run][1] += l1_fee
    if not runs:
        return None
    sums = (sum(one[place] for one in runs.values()) for place in (0, 1))
    gas, l1 = (-(-one // len(runs)) for one in sums)
    return gas, l1
