"""Payments computed from balances: topping wallets up, and emptying them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from scheduling.plans.making import Payment
from wallets.addresses import parse_address
from wallets.balances import take_snapshot
from wallets.chain.client import NetworkClient
from wallets.chain.errors import ChainError
from wallets.models import Balance, BalanceSnapshot, Network, Token, Wallet
from wallets.transactions.operator import NotPossible


@dataclass(frozen=True, slots=True)
class Stand:
    """What wallets hold on one network, all at one block; None where it gave no number."""

    network: Network
    block_number: int
    at: datetime
    amounts: dict[tuple[int, int], int | None]

    def of(self, wallet: Wallet, token: Token) -> int | None:
        """The wallet's balance of the token."""
        return self.amounts[wallet.pk, token.pk]


@dataclass(frozen=True, slots=True)
class Unknown:
    """What nobody could say, and the key by which it may be left behind knowingly."""

    key: str
    sentence: str


@dataclass(slots=True)
class Computed:
    """Payments, and what keeps them from being all."""

    payments: list[Payment] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    read_at: datetime | None = None


def read_stand(network: Network, wallets: Sequence[Wallet], tokens: Sequence[Token]) -> Stand:
    """Read these balances now, at one block; ChainError where nobody answers."""
    client = NetworkClient(network)
    snapshot = take_snapshot(network=network, client=client, wallets=wallets, tokens=tokens)
    rows = Balance.objects.filter(wallet__in=wallets, token__in=tokens)
    found = {(row.wallet_id, row.token_id): row for row in rows}
    if len(found) != len(wallets) * len(tokens) or _is_mixed(found.values(), snapshot):
        raise NotPossible(f"balances on {network.name} were read by others meanwhile; ask again")
    amounts = {key: row.amount for key, row in found.items()}
    return Stand(network, snapshot.block_number, snapshot.taken_at, amounts)


def coin_of(network: Network) -> Token:
    """The network's own coin, or NotPossible."""
    coin = network.tokens.filter(address="", enabled=True).first()
    if coin is None:
        raise NotPossible(f"{network.name} has no enabled coin of its own; add it under Tokens")
    return coin


def top_ups(
    *, network: Network, treasury: Wallet, wallets: Sequence[Wallet], target: int, purpose: str
) -> Computed:
    """What the treasury sends so that each wallet has `target` wei; those that have it get none."""
    coin = coin_of(network)
    others = [wallet for wallet in wallets if wallet.pk != treasury.pk]
    stand = read_stand(network, [treasury, *others], [coin])
    unknown = [wallet.label for wallet in others if stand.of(wallet, coin) is None]
    if unknown:
        raise NotPossible(f"the balance of {', '.join(unknown[:5])} is unknown; nothing is guessed")
    payments = [
        Payment(treasury, coin, target - has, wallet.address, purpose)
        for wallet in others
        if (has := stand.of(wallet, coin) or 0) < target
    ]
    _require_enough(treasury, coin, stand, sum(one.amount for one in payments))
    return Computed(payments, read_at=stand.at)


def everything_of(
    *,
    wallets: Sequence[Wallet],
    networks: Iterable[Network],
    to: str,
    purpose: str,
    only: Iterable[Token] | None = None,
) -> Computed:
    """What empties the wallets: tokens first, then the coin that pays for them, less its fee.

    A network or balance that is not known is named and moves nothing; what counts as dust stays.
    """
    found, recipient = Computed(), parse_address(to)
    wanted = None if only is None else {token.pk for token in only}
    for network in networks:
        tokens = [
            token
            for token in network.tokens.filter(enabled=True).order_by("symbol", "pk")
            if wanted is None or token.pk in wanted
        ]
        if tokens:
            _empty(found, network, wallets, tokens, recipient, purpose)
    return found


def _empty(
    found: Computed,
    network: Network,
    wallets: Sequence[Wallet],
    tokens: Sequence[Token],
    recipient: str,
    purpose: str,
) -> None:
    try:
        stand = read_stand(network, wallets, tokens)
    except (ChainError, NotPossible) as error:
        sentence = f"what is on {network.slug} is unknown: {error}"
        found.unknown.append(Unknown(f"network:{network.slug}", sentence))
        return
    found.read_at = min(found.read_at or stand.at, stand.at)
    for wallet in wallets:
        for token in sorted(tokens, key=lambda one: one.is_native):
            amount = stand.of(wallet, token)
            if amount is None:
                key = f"token:{token.address or 'native'}@{network.slug}"
                sentence = f"what {wallet.label} has of {token} is unknown"
                found.unknown.append(Unknown(key, sentence))
            elif amount > token.kept_as_dust and recipient != wallet.address:
                native = token.is_native
                payment = Payment(wallet, token, amount, recipient, purpose, everything=native)
                found.payments.append(payment)


def _is_mixed(rows: Iterable[Balance], snapshot: BalanceSnapshot) -> bool:
    return any(row.snapshot_id != snapshot.pk for row in rows)


def _require_enough(treasury: Wallet, coin: Token, stand: Stand, total: int) -> None:
    has = stand.of(treasury, coin)
    if has is None:
        raise NotPossible(f"the balance of {treasury.label} is unknown; nothing is guessed")
    if has < total:
        raise NotPossible(
            f"{treasury.label} has {has} wei on {coin.network.slug} and {total} wei are needed, "
            "fees not counted; lower the target or fund it first"
        )
