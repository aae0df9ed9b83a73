"""Allowances on chain: read at a named block, kept as rows, and taken back."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from eth_typing import ChecksumAddress
from eth_utils.abi import function_signature_to_4byte_selector

from wallets.addresses import parse_address
from wallets.chain.client import Block, NetworkClient
from wallets.chain.codec import CODEC
from wallets.chain.errors import ChainError
from wallets.chain.multicall import (
    Answer,
    Ground,
    Question,
    address_word,
    ask_all,
    checked_at,
    find_ground,
)
from wallets.models import Allowance, Network, PolicyRule, Token, Transaction, Wallet
from wallets.services import Intent, submit_transaction
from wallets.transactions.allowances import APPROVE, APPROVE_THROUGH, PERMIT2, REVOKE
from wallets.transactions.expectations import Expectations
from wallets.transactions.states import is_decided

_ALLOWANCE = function_signature_to_4byte_selector("allowance(address,address)")
# owner, token, spender: amount, until when (as a timestamp), nonce
_ALLOWANCE_THROUGH = function_signature_to_4byte_selector("allowance(address,address,address)")
_APPROVE = function_signature_to_4byte_selector(APPROVE)
_APPROVE_THROUGH = function_signature_to_4byte_selector(APPROVE_THROUGH)
# What a revocation of nobody's protocol is filed under.
OWN_PROTOCOL = "wallets"
# So few are asked one by one: a refusal then says its own reason.
FEW = 20
_LAST_MOMENT = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp())


@dataclass(frozen=True, slots=True)
class AllowanceOf:
    """Which allowance: of whose token, for whom, and who keeps it if not the token."""

    wallet: Wallet
    token: Token
    spender: ChecksumAddress
    through: str = ""

    @property
    def key(self) -> tuple[int, int, str, str]:
        """What its row is found by."""
        return self.wallet.pk, self.token.pk, self.spender, self.through


@dataclass(frozen=True, slots=True)
class Reading:
    """What the chain said of an allowance at a block; None, and why, where it said nothing."""

    of: AllowanceOf
    block_number: int
    amount: int | None
    problem: str = ""
    expires_at: datetime | None = None


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
    if len(wanted) <= FEW:
        return list(readings_at(client, Ground(client.block(), None), wanted))
    return list(readings_at(client, find_ground(client, client.agree), wanted))


def readings_at(
    client: NetworkClient, ground: Ground, wanted: Sequence[AllowanceOf]
) -> Iterator[Reading]:
    """What these are at that block, as two endpoints agree."""
    ask = checked_at(client.agree, ground, "allowances")
    answers = ask_all(ask, ground, [_question(one) for one in wanted])
    for one, answer in zip(wanted, answers, strict=True):
        yield _reading(one, ground.block, answer)


def pairs(
    wallets: Iterable[Wallet], tokens: Sequence[Token], spenders: Sequence[ChecksumAddress]
) -> list[AllowanceOf]:
    """Each wallet with each token and spender; what Permit2 keeps too, where it is among them."""
    kept = places(spenders)
    return [
        AllowanceOf(wallet, token, spender, through)
        for wallet in wallets
        for token in tokens
        for spender, through in kept
    ]


def places(spenders: Sequence[ChecksumAddress]) -> list[tuple[ChecksumAddress, str]]:
    """Each spender with whoever may keep an allowance for it: the token (empty), and Permit2."""
    others = [one for one in spenders if one != PERMIT2] if PERMIT2 in spenders else []
    return [(one, "") for one in spenders] + [(one, PERMIT2) for one in others]


def known(one: AllowanceOf) -> QuerySet[Allowance]:
    """Its row, if it has one."""
    return Allowance.objects.filter(
        wallet=one.wallet, token=one.token, spender=one.spender, through=one.through
    )


def record_allowance(reading: Reading) -> Allowance:
    """The row of what was read; a row that knows of a later block stays as it is."""
    if reading.amount is None:
        raise ValueError(f"nothing was read of {reading.of}: {reading.problem}")
    one = reading.of
    said = {
        "amount": reading.amount,
        "expires_at": reading.expires_at,
        "block_number": reading.block_number,
        "checked_at": timezone.now(),
    }
    row, created = Allowance.objects.get_or_create(
        wallet=one.wallet,
        token=one.token,
        spender=one.spender,
        through=one.through,
        defaults=said,
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
        to, data = _revoking_call(row)
        intent = Intent(
            wallet=row.wallet,
            network=row.token.network,
            idempotency_key=f"{origin}:revoke:{row.pk}:{row.revocation_id or 0}",
            origin=origin,
            protocol=protocol or _protocol_of(row),
            action=REVOKE,
            to=to,
            data=data,
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


def _question(one: AllowanceOf) -> Question:
    owner, spender = address_word(one.wallet.address), address_word(one.spender)
    if one.through:
        data = _ALLOWANCE_THROUGH + owner + address_word(one.token.address) + spender
        return Question(parse_address(one.through), data)
    return Question(parse_address(one.token.address), _ALLOWANCE + owner + spender)


def _reading(one: AllowanceOf, block: Block, answer: Answer) -> Reading:
    if isinstance(answer, ChainError):
        return Reading(one, block.number, None, str(answer))
    if answer is None or len(answer) < (96 if one.through else 32):
        asked = one.through or one.token.address
        kind = "Permit2" if one.through else "a token"
        sentence = f"{asked} does not say what it allows; is it {kind}?"
        return Reading(one, block.number, None, sentence)
    amount = int.from_bytes(answer[:32])
    if not one.through:
        return Reading(one, block.number, amount)
    until = int.from_bytes(answer[32:64])
    is_over = block.at > moment if (moment := _moment(until)) else False
    return Reading(one, block.number, 0 if is_over else amount, expires_at=moment)


def _moment(timestamp: int) -> datetime | None:
    """When that is; None for what no calendar has: it never is."""
    if timestamp >= _LAST_MOMENT:
        return None
    return datetime.fromtimestamp(0, tz=UTC) + timedelta(seconds=timestamp)


def _revoking_call(row: Allowance) -> tuple[ChecksumAddress, bytes]:
    if row.through:
        fields = [row.token.address, row.spender, 0, 0]
        data = CODEC.encode(["address", "address", "uint160", "uint48"], fields)
        return parse_address(row.through), _APPROVE_THROUGH + data
    data = CODEC.encode(["address", "uint256"], [row.spender, 0])
    return parse_address(row.token.address), _APPROVE + data


def _protocol_of(row: Allowance) -> str:
    """Whose spender it is, so that a stop of that protocol holds the revocation too."""
    rules = PolicyRule.objects.filter(
        network=row.token.network_id, address=row.spender, selector=PolicyRule.ALLOWANCE
    )
    found = rules.order_by("-enabled", "pk").values_list("protocol", flat=True).first()
    return found or OWN_PROTOCOL
