"""Where it is played: the market, wallets whose keys are here, and one with its key elsewhere."""

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from airdrops_site.devnet.outbox import encode_call
from protocols.models import Protocol
from tests.market import Market, make_devnet, register_market
from tests.protocols.operators import USDC
from tests.scheduling.plans import allow_alone, coin
from wallets.models import AddressBookEntry, Network, Token, Wallet
from wallets.services import create_keystore_wallet, verify_wallet

ETHER = 10**18
FINAL_DEPTH = 12
STRANGER = "0x00000000000000000000000000000000DeaDBeef"
TRAP = "0x1111111111111111111111111111111111111111"
RICH = "0x8ba1f109551bD432803012645Ac136ddd64DBA72"  # plays everybody outside; anvil lends its key


@dataclass(slots=True)
class Books:
    """A run under way: its chain, its wallets, and what happened in it."""

    market: Market
    network: Network
    wallets: list[Wallet]
    elsewhere: Wallet
    random: Random
    happened: Counter[str] = field(default_factory=Counter)
    round: int = 0

    def call(self, method: str, *params: object) -> Any:
        """Ask the chain itself."""
        return self.market.rpc.call(method, *params)

    def token(self, symbol: str) -> str:
        """A token's address."""
        return self.market.manifest.l2.token(symbol).contract.address

    def send(self, sender: str, to: str, *, value: int = 0, data: str = "0x") -> None:
        """A transaction that nobody of ours knows of, into the next block."""
        fees = {"maxFeePerGas": hex(900 * 10**9), "maxPriorityFeePerGas": hex(50 * 10**9)}
        message = {"from": sender, "to": to, "gas": hex(200_000), "value": hex(value)}
        self.call("eth_sendTransaction", {**message, **fees, "data": data})

    def pay_token(self, sender: str, symbol: str, to: str, amount: int) -> None:
        """The same, of a token."""
        self.send(sender, self.token(symbol), data=encode_call(_TRANSFER, to, amount))

    @property
    def every(self) -> list[Wallet]:
        """All wallets of ours."""
        return [*self.wallets, self.elsewhere]


_TRANSFER = "transfer(address,uint256)"


def lay_books(market: Market, *, wallets: int, seed: int) -> Books:
    """The ground, with money that was there before the books and money that came later."""
    network = make_devnet(market)
    weth = market.manifest.l2.weth
    Token.objects.create(network=network, address=weth.contract.address, symbol=weth.symbol)
    register_market(network, market)
    Network.objects.filter(pk=network.pk).update(
        confirm_depth=2, final_rule="depth", final_depth=FINAL_DEPTH, block_seconds=1
    )
    network.refresh_from_db()
    coin(network)
    Protocol.objects.get(slug="evm").networks.add(network)
    ours = [_wallet(f"books-{number}", market) for number in range(wallets)]
    elsewhere = Wallet.objects.create(
        label="elsewhere",
        address="0x2222222222222222222222222222222222222222",
        signer_kind=Wallet.SignerKind.WATCH_ONLY,
    )
    market.rpc.call("anvil_setBalance", elsewhere.address, hex(500 * ETHER))
    for account in (elsewhere.address, RICH):
        market.rpc.call("anvil_impersonateAccount", account)
    market.rpc.call("anvil_setBalance", RICH, hex(100_000 * ETHER))
    books = Books(market, network, ours, elsewhere, Random(f"books:{seed}"))
    for address in (STRANGER, TRAP, elsewhere.address):
        _allow(address)
    for token in tokens_of(network):
        allow_alone(10**30, token)
    market.give("USDC", RICH, 500_000 * USDC)
    for wallet in books.every:
        market.give("USDC", wallet.address, 2_000 * USDC)
    # No reorganisation of a run takes this away.
    market.rpc.call("anvil_mine", hex(FINAL_DEPTH + 1))
    return books


def _wallet(label: str, market: Market) -> Wallet:
    wallet = create_keystore_wallet(label=label, scrypt_n=2)
    market.rpc.call("anvil_setBalance", wallet.address, hex(1_000 * ETHER))
    return verify_wallet(wallet=wallet)


def _allow(address: str) -> None:
    """Anybody of ours may pay it."""
    entered, _ = User.objects.get_or_create(username="enters")
    confirmed, _ = User.objects.get_or_create(username="confirms")
    AddressBookEntry.objects.create(
        label=address,
        address=address,
        status="confirmed",
        entered_by=entered,
        entered_at=timezone.now(),
        confirmed_by=confirmed,
        confirmed_at=timezone.now(),
    )


def tokens_of(network: Network) -> list[Token]:
    """Everything that is compared."""
    return list(Token.objects.filter(network=network).order_by("pk"))
