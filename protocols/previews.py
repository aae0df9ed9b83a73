"""What an action would do now, step by step, without recording or signing anything."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from protocols.actions import Action, Call, Message, Plan, PlanError, Wait
from protocols.context import build_context
from protocols.guards import check_protocols
from protocols.params import read_params
from protocols.registry import get_action
from protocols.selectors import describe_call
from protocols.simulations import Simulated, simulate
from wallets.chain.client import NetworkClient
from wallets.chain.errors import ChainError
from wallets.models import Network, NonceLane, Transaction, Wallet
from wallets.transactions.allowances import AllowanceCall, read_allowance_call
from wallets.transactions.demands import Spend
from wallets.transactions.guards import Answer
from wallets.transactions.policy import PolicyRefusal, check_policy

# Where the questions go.
ClientOf = Callable[[Network], NetworkClient]


@dataclass(frozen=True, slots=True)
class CallPreview:
    """A transaction as it would be made: what it says, gives, gets, and may cost."""

    number: int
    label: str
    network: Network
    row: Transaction
    decoded: str
    spends: tuple[Spend, ...]
    least_out: tuple[int, ...]
    allowance: AllowanceCall | None
    # Empty where the policy would let it be signed.
    refusal: str
    simulated: Simulated


@dataclass(frozen=True, slots=True)
class WaitPreview:
    """A condition that would be waited for, `at_most` so many seconds."""

    number: int
    label: str
    condition: str
    at_most: int


@dataclass(frozen=True, slots=True)
class MessagePreview:
    """A request to a venue or contract that would be signed."""

    number: int
    label: str
    kind: str
    payload: Mapping[str, Any]


StepPreview = CallPreview | WaitPreview | MessagePreview


@dataclass(frozen=True, slots=True)
class Preview:
    """The plan as it would be made now. `goes_on`: more is planned once these are done."""

    protocol: str
    action: Action
    network: Network
    wallet: Wallet
    summary: str
    steps: tuple[StepPreview, ...]
    goes_on: bool
    # What stands in the way of the whole of it, a sentence each.
    problems: tuple[str, ...]

    @property
    def calls(self) -> tuple[CallPreview, ...]:
        """Its transactions."""
        return tuple(step for step in self.steps if isinstance(step, CallPreview))

    @property
    def is_allowed(self) -> bool:
        """Whether the policy would let all of it be signed."""
        return not any(call.refusal for call in self.calls)

    @property
    def reverts(self) -> bool:
        """Whether the chain would undo what can be simulated of it."""
        return any(call.simulated.reverts for call in self.calls)


def preview_action(
    *,
    protocol: str,
    action: str,
    network: Network,
    wallet: Wallet,
    params: Mapping[str, Any],
    client_of: ClientOf = NetworkClient,
) -> Preview:
    """Plan it as a run would, and hold each step against policy and chain.

    Raises what planning raises: PlanError (BadParameters), UnknownAction, ChainError.
    """
    chosen = get_action(protocol, action)
    typed = read_params(chosen.Params, params)
    client = client_of(network)
    context = build_context(
        network=network, wallet=wallet, protocol=protocol, client=client, now=timezone.now()
    )
    plan = chosen.plan(context, typed)
    return preview_plan(
        plan,
        protocol=protocol,
        action=action,
        network=network,
        wallet=wallet,
        client_of=client_of,
    )


def preview_plan(
    plan: Plan,
    *,
    protocol: str,
    action: str,
    network: Network,
    wallet: Wallet,
    client_of: ClientOf = NetworkClient,
) -> Preview:
    """A plan that is made already, held against policy and chain."""
    chosen = get_action(protocol, action)
    return Preview(
        protocol=protocol,
        action=chosen,
        network=network,
        wallet=wallet,
        summary=plan.summary,
        steps=_Maker(protocol, action, network, wallet, client_of).steps(plan),
        goes_on=type(chosen).go_on is not Action.go_on,
        problems=_problems(wallet),
    )


def _problems(wallet: Wallet) -> tuple[str, ...]:
    if wallet.status == Wallet.Status.VERIFIED:
        return ()
    return (f"{wallet.label} is {wallet.status}: it signs nothing until it is verified",)


@dataclass(frozen=True, slots=True)
class _Maker:
    """Looks at the steps of one plan, in order."""

    protocol: str
    action: str
    network: Network
    wallet: Wallet
    client_of: ClientOf

    def steps(self, plan: Plan) -> tuple[StepPreview, ...]:
        """Each step; only what nothing comes before can be simulated."""
        return tuple(
            self._step(number, step, is_first=number == 1)
            for number, step in enumerate(plan.steps, 1)
        )

    def _step(self, number: int, step: object, *, is_first: bool) -> StepPreview:
        match step:
            case Wait():
                return WaitPreview(number, step.label, step.condition, step.at_most)
            case Message():
                return MessagePreview(number, step.label, step.kind, step.payload)
            case Call():
                return self._call(number, step, is_first=is_first)
        raise PlanError(f"step {number} is {type(step).__name__}, which no run can do")

    def _call(self, number: int, call: Call, *, is_first: bool) -> CallPreview:
        network = self._network_of(call)
        row = self._as_transaction(call, network)
        refusal, spends = _judge(row)
        decoded = describe_call(protocol=self.protocol, data=call.data) if call.data else None
        promised = call.expectations
        outs = [promised.least_out, *map(promised.least_of, range(len(promised.quoted_outs)))]
        return CallPreview(
            number=number,
            label=call.label,
            network=network,
            row=row,
            decoded=str(decoded or ("a call no ABI of ours knows" if call.data else "")),
            spends=spends,
            least_out=tuple(out for out in outs if out is not None),
            allowance=read_allowance_call(call.to, call.data),
            refusal=refusal,
            simulated=self._simulated(network, row) if is_first else Simulated.after(number - 1),
        )

    def _simulated(self, network: Network, row: Transaction) -> Simulated:
        try:
            return simulate(self.client_of(network), row)
        except ChainError as error:
            return Simulated(None, f"not simulated: {error}")

    def _network_of(self, call: Call) -> Network:
        if call.chain_id in (None, self.network.chain_id):
            return self.network
        found = Network.objects.filter(chain_id=call.chain_id, enabled=True).first()
        if found is None:
            raise PlanError(
                f"{call.label} is for chain {call.chain_id}, which is not known here; add and "
                "enable its network"
            )
        return found

    def _as_transaction(self, call: Call, network: Network) -> Transaction:
        """Not saved: for asking policy and limits beforehand."""
        return Transaction(
            lane=NonceLane(wallet=self.wallet, network=network),
            network=network,
            protocol=self.protocol,
            action=self.action,
            to=call.to,
            value=call.value,
            data=call.data,
            expectations=call.expectations.as_json(),
            max_fee_ceiling=call.max_fee_per_gas,
            valid_until=call.valid_until,
        )


def _judge(row: Transaction) -> tuple[str, tuple[Spend, ...]]:
    """Why it would not be signed, and what it gives away; the policy of floor 1 says both."""
    (verdict,) = check_protocols([row]).values()
    if verdict.answer is not Answer.ALLOW:
        return verdict.sentence, ()
    try:
        return "", check_policy(row).spends
    except PolicyRefusal as error:
        return str(error), ()
