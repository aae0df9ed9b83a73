"""Allowances on chain: read at a named block, kept as rows, and taken back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from eth_typing import ChecksumAddress
from eth_utils.abi import function_signature_to_4byte_selector

from wallets.addresses import parse_address
from wallets.chain.client import NetworkClient, hex_bytes
from wallets.chain.codec import CODEC
from wallets.chain.errors import ChainError
from wallets.models import Allowance, Network, PolicyRule, Token, Transaction, Wallet
from wallets.services import Intent, submit_transaction
from wallets.transactions.allowances import APPROVE, REVOKE
from wallets.transactions.expectations import Expectations
from wallets.transactions.states import is_decided

_ALLOWANCE = function_signature_to_4byte_selector("allowance(address,address)")
_APPROVE = function_signature_to_4byte_selector(APPROVE)
# What a revocation of nobody's protocol is filed under.
OWN_PROTOCOL = "wallets"


@dataclass(frozen=True, slots=True)
class AllowanceOf:
    """Which allowance: of whose token, for whom."""

    wallet: Wallet
    token: Token
    spender: ChecksumAddress


@dataclass(frozen=True, slots=True)
class Reading:
    """What the chain said of an allowance at a block; None, and why, where it said nothing."""

    of: AllowanceOf
    block_number: int
    amount: int | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a revocation may cost and how soon it should be mined."""

    urgency: str = Transaction.Urgency.NORMAL
    priority: int = 0
    max_fee_ceiling: int | None = None


def read_allowances(*, wanted: Sequence[AllowanceOf], client: NetworkClient) -> list[Reading]:
    """What these are at the newest block, all at the same, as two endpoints agree."""
    if not wanted:
        return []
    head = client.block()
    requests = [("eth_call", [_question(one), hex(head.number)]) for one in wanted]
    answers = client.agree(requests)
    return [_reading(one, head.number, answer) for one, answer in zip(wanted, answers, strict=True)]


def check_allowances(
    *,
    network: Network,
    wallets: Iterable[Wallet],
    tokens: Iterable[Token],
    spenders: Iterable[str],
    client: NetworkClient,
) -> list[Reading]:
    """Ask the network about every wallet, token and spender, and keep what it says.

    What is zero and was never known to be anything else gets no row.
    """
    here = [token for token in tokens if token.network_id == network.pk and not token.is_native]
    asked = product(wallets, here, [parse_address(one) for one in spenders])
    wanted = [AllowanceOf(*one) for one in asked]
    readings = read_allowances(wanted=wanted, client=client)
    kept = Allowance.objects.filter(token__network=network)
    rows = set(kept.values_list("wallet_id", "token_id", "spender"))
    for reading in readings:
        one = reading.of
        if reading.amount or (one.wallet.pk, one.token.pk, one.spender) in rows:
            _record_if_read(reading)
    return readings


def _record_if_read(reading: Reading) -> None:
    if reading.amount is not None:
        record_allowance(reading)


def known(one: AllowanceOf) -> QuerySet[Allowance]:
    """Its row, if it has one."""
    return Allowance.objects.filter(wallet=one.wallet, token=one.token, spender=one.spender)


def record_allowance(reading: Reading) -> Allowance:
    """The row of what was read; a row that knows of a later block stays as it is."""
    if reading.amount is None:
        raise ValueError(f"nothing was read of {reading.of}: {reading.problem}")
    one = reading.of
    said = {
        "amount": reading.amount,
        "block_number": reading.block_number,
        "checked_at": timezone.now(),
    }
    row, created = Allowance.objects.get_or_create(
        wallet=one.wallet, token=one.token, spender=one.spender, defaults=said
    )
    if not created:
        known(one).filter(block_number__lte=reading.block_number).update(**said)
        row.refresh_from_db()
    return row


def revoke_allowance(
    *, allowance: Allowance, origin: str, actor: str, terms: Terms = Terms(), protocol: str = ""
) -> Transaction:
    """The transaction that takes the allowance back: the one under way, or a new one.

    It goes the way of every transaction, through stop, limits, simulation and policy. Its key
    comes from who asks and from the revocation before it, so that nothing is asked for twice.
    """
    with transaction.atomic():
        rows = Allowance.objects.select_for_update(of=("self",))
        row = rows.select_related("wallet", "token__network", "revocation").get(pk=allowance.pk)
        if row.revocation and not is_decided(row.revocation.state, row.revocation.outcome):
            return row.revocation
        intent = Intent(
            wallet=row.wallet,
            network=row.token.network,
            idempotency_key=f"{origin}:revoke:{row.pk}:{row.revocation_id or 0}",
            origin=origin,
            protocol=protocol or _protocol_of(row),
            action=REVOKE,
            to=parse_address(row.token.address),
            data=_APPROVE + CODEC.encode(["address", "uint256"], [row.spender, 0]),
            urgency=terms.urgency,
            priority=terms.priority,
            max_fee_ceiling=terms.max_fee_ceiling,
            expectations=Expectations(allowance=0),
        )
        revocation = submit_transaction(intent=intent, actor=actor)
        Allowance.objects.filter(pk=row.pk).update(revocation=revocation)
    return revocation


def known_spenders(network: Network) -> list[str]:
    """Every contract that was ever registered to be given allowances on the network."""
    rules = PolicyRule.objects.filter(network=network, selector=PolicyRule.ALLOWANCE)
    return list(rules.order_by("address").values_list("address", flat=True).distinct())


def _question(one: AllowanceOf) -> dict[str, str]:
    data = _ALLOWANCE + CODEC.encode(["address", "address"], [one.wallet.address, one.spender])
    return {"to": one.token.address, "data": f"0x{data.hex()}"}


def _reading(one: AllowanceOf, block_number: int, answer: Any) -> Reading:
    if isinstance(answer, ChainError):
        return Reading(one, block_number, None, str(answer))
    said = hex_bytes(answer)
    if len(said) < 32:
        sentence = f"{one.token.address} does not say what it allows; is it a token?"
        return Reading(one, block_number, None, sentence)
    return Reading(one, block_number, int.from_bytes(said[:32]))


def _protocol_of(row: Allowance) -> str:
    """Whose spender it is, so that a stop of that protocol holds the revocation too."""
    rules = PolicyRule.objects.filter(
        network=row.token.network_id, address=row.spender, selector=PolicyRule.ALLOWANCE
    )
    found = rules.order_by("-enabled", "pk").values_list("protocol", flat=True).first()
    return found or OWN_PROTOCOL
