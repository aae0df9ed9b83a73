"""What hosts are kept busy with: wallets that pay each other in native coin and in a token."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from django.db import transaction

from protocols.evm.tokens import ABI
from tests.airdrops_site.guides import run as manage
from tests.chains import Chain, make_wallet
from tests.faults.markers import Markers
from tests.market import Market, make_devnet, register_market
from wallets.models import Network, NonceLane, Token, Transaction, Wallet
from wallets.services import Intent, submit_transaction
from wallets.transactions.states import TransactionState as S

WALLETS = 4
# What waits in each lane at the most: so much that a worker always finds something.
WAITING = 5
ETHER, USDC = 10**18, 10**6
TRANSFER = ABI.function("transfer")
LOOK_EVERY = 0.25


@dataclass(frozen=True, slots=True)
class Asked:
    """One intent, told from all others by what it moves; `amount` in base units."""

    name: str
    sender: str
    to: str
    amount: int
    token: str

    def say(self, markers: Markers, times: tuple[int, ...]) -> None:
        """As the independent checker knows it."""
        if self.token:
            data = "0x" + TRANSFER.encode(self.to, self.amount).hex()
            markers.say(self.name, self.sender, self.token, 0, times, data=data)
        else:
            markers.say(self.name, self.sender, self.to, self.amount, times)


@dataclass(slots=True)
class Load:
    """The wallets of a seed, and everything that was ever asked of them, oldest first."""

    chain: Chain
    dice: Random
    token: str
    wallets: dict[str, str] = field(default_factory=dict)  # label -> address
    asked: list[Asked] = field(default_factory=list)

    def top_up(self, *, least: int = 0) -> None:
        """Have something wait in lanes of the host that is stood at, to another wallet of ours."""
        network = Network.objects.get()
        waiting = Transaction.objects.filter(state__in=(S.QUEUED, S.HELD))
        with transaction.atomic():
            for label, address in self.wallets.items():
                there = waiting.filter(lane__wallet__label=label).count()
                for _ in range(self.dice.randint(least, max(least, WAITING - there))):
                    self._ask(network, Wallet.objects.get(label=label), address)

    def top_up_for(self, seconds: float, *, until: Callable[[], bool] | None = None) -> None:
        """Keep at it for so long, or until it is so."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends and not (until and until()):
            self.top_up()
            time.sleep(LOOK_EVERY)

    def _ask(self, network: Network, wallet: Wallet, sender: str) -> None:
        number = len(self.asked) + 1
        to = self.dice.choice([one for one in self.wallets.values() if one != sender])
        token = self.token if self.dice.random() < 0.5 else ""
        one = Asked(
            f"restore:{number}", sender, to, number + (0 if token else ETHER // 1000), token
        )
        intent = Intent(
            wallet=wallet,
            network=network,
            idempotency_key=one.name,
            origin="restores",
            protocol="evm",
            action="transfer-token" if token else "transfer",
            to=token or to,  # type: ignore[arg-type]
            value=0 if token else one.amount,
            data=TRANSFER.encode(to, one.amount) if token else b"",
        )
        submit_transaction(intent=intent, actor="restores")
        self.asked.append(one)


def lay_out(market: Market, seed: int) -> Load:
    """The network, its contracts and wallets with money and books, in the database stood at."""
    network = register_market(make_devnet(market), market)
    Network.objects.filter(pk=network.pk).update(
        confirm_depth=2, final_rule="depth", final_depth=4, block_seconds=1
    )
    Token.objects.create(network=network, symbol="ETH", name="Ether", decimals=18)
    chain = Chain(market.rpc.url, market.rpc)
    load = Load(chain, Random(seed), market.manifest.l2.token("USDC").contract.address)
    for number in range(WALLETS):
        wallet = make_wallet(f"w{number}", chain, ether=1000)
        market.give("USDC", wallet.address, 100 * USDC)
        load.wallets[wallet.label] = wallet.address
    chain.mine(6)
    for label in load.wallets:
        assert manage(f"manage.py ledger open --wallet {label} --network {network.slug}")[0] == 0
    return load


def paused_lanes() -> list[NonceLane]:
    """Those of the host that is stood at."""
    return list(NonceLane.objects.filter(paused=True).select_related("wallet").order_by("pk"))
