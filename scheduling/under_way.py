"""What runs that wait have sent and not yet brought: a position on no chain."""

from collections import Counter
from collections.abc import Iterable

from protocols.actions import Position
from protocols.settlements import settlement_from_json
from scheduling.models import Run, Step
from scheduling.states import RunState, StepState
from wallets.addresses import parse_address
from wallets.amounts import show_amount
from wallets.models import Network, Token, Wallet

_STILL = (RunState.RUNNING, RunState.NEEDS_OPERATOR)
# A token, on the network it left.
Sums = Counter[tuple[Network, str]]


def under_way(wallet: Wallet) -> list[Position]:
    """What the wallet's waiting runs have sent away, less what has come back, by run and token."""
    waiting = Step.objects.filter(state=StepState.WAITING, run__wallet=wallet)
    runs = Run.objects.filter(state__in=_STILL, pk__in=waiting.values("run")).order_by("pk")
    return [position for run in runs for position in under_way_of(run)]


def waits(run: Run) -> bool:
    """Whether the run waits for something now."""
    return run.steps.filter(state=StepState.WAITING).exists()


def under_way_of(run: Run) -> list[Position]:
    """What this run has sent and not brought."""
    settled = run.steps.filter(state=StepState.SETTLED, transaction__isnull=False)
    sums = _sums(settled.select_related("transaction__network"))
    left = [(place, -amount) for place, amount in sums.items() if amount < 0]
    return [_position(run, network, token, amount) for (network, token), amount in left]


def _sums(steps: Iterable[Step]) -> Sums:
    """What came in less what went out."""
    sums: Sums = Counter()
    for step in steps:
        if step.transaction is None:
            continue
        for movement in settlement_from_json(step.settlement).movements:
            signed = movement.amount if movement.direction == "in" else -movement.amount
            sums[(step.transaction.network, movement.token)] += signed
    return sums


def _position(run: Run, network: Network, token: str, amount: int) -> Position:
    known = Token.objects.filter(network=network, address=token).first()
    shown = show_amount(amount, known.decimals, known.symbol) if known else f"{amount} of {token}"
    what = f"{shown} left {network.slug} in run {run.pk} and is not there yet"
    return Position(what, "bridging", token=parse_address(token) if token else "", amount=amount)
