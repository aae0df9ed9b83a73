"""What a line wants signed: its action, its parameters and, byte for byte, its call."""

from typing import Any

from eth_typing import ChecksumAddress

from protocols.evm.tokens import ABI
from protocols.params import NATIVE
from scheduling.models import Plan, PlanLine
from wallets.addresses import parse_address
from wallets.models import Limit, NonceLane, Transaction
from wallets.transactions.limits import read_limits

# Every line is an action of the generic protocol: the same on every chain.
PROTOCOL = "evm"
_TRANSFER = ABI.function("transfer")


def action_of(line: PlanLine) -> str:
    """The slug of the action that carries it out."""
    is_drain = line.plan.kind == Plan.Kind.DRAIN
    if not line.token.is_native:
        return "drain-token" if is_drain else "transfer-token"
    if line.everything:
        return "drain" if is_drain else "sweep"
    return "transfer"


def params_of(line: PlanLine) -> dict[str, Any]:
    """What its action is told."""
    if not line.token.is_native:
        token = {"token": line.token.address}
        return {**token, "to": line.recipient, "amount": str(line.amount)}
    if not line.everything:
        return {"to": line.recipient, "amount": str(line.amount)}
    return {
        "to": line.recipient,
        "at_most": str(line.amount),
        "keep": str(kept_by_limit(line)),
        "dust": str(line.token.kept_as_dust),
        "urgency": line.plan.urgency,
    }


def call_of(line: PlanLine) -> tuple[ChecksumAddress, int, bytes]:
    """Where to, with how much wei and which data; of `everything` the most."""
    recipient = parse_address(line.recipient)
    if line.token.is_native:
        return recipient, line.amount, b""
    return parse_address(line.token.address), 0, _TRANSFER.encode(recipient, line.amount)


def as_transaction(line: PlanLine) -> Transaction:
    """The transaction it would become, not saved: for asking policy and limits beforehand."""
    to, value, data = call_of(line)
    network = line.token.network
    return Transaction(
        lane=NonceLane(wallet=line.wallet, network=network),
        network=network,
        protocol=PROTOCOL,
        action=action_of(line),
        to=to,
        value=value,
        data=data,
        urgency=line.plan.urgency,
    )


def lane_of(line: PlanLine) -> NonceLane | None:
    """The lane it goes through; None where the wallet has never acted on the network."""
    rows = NonceLane.objects.filter(wallet=line.wallet_id, network=line.token.network_id)
    return rows.select_related("wallet", "network").first()


def kept_by_limit(line: PlanLine) -> int:
    """Wei that a limit wants to remain in the wallet."""
    row = as_transaction(line)
    limits = read_limits(row.lane)
    return max(limits.amounts(row, Limit.Kind.MIN_NATIVE_BALANCE), default=0)


def is_same(row: Transaction, line: PlanLine) -> bool:
    """Whether a transaction is what the line says; of `everything` not more, to nobody else."""
    to, value, data = call_of(line)
    facts = (row.network_id, row.lane.wallet_id, row.protocol, row.action, row.to, bytes(row.data))
    wanted = (line.token.network_id, line.wallet_id, PROTOCOL, action_of(line), to, data)
    amount_fits = row.value <= value if line.everything else row.value == value
    return facts == wanted and amount_fits


def token_text(line: PlanLine) -> str:
    """How people and files name its token."""
    return line.token.address or NATIVE
