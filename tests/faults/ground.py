"""Where the programme plays: a chain that mines when told, behind faulty proxies and signers."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from airdrops_site.devnet.anvil import Anvil, AnvilConfig
from airdrops_site.devnet.ports import free_port
from airdrops_site.devnet.rpc import DevnetRpc
from tests.chains import Chain, make_network
from tests.faults.draws import Dice
from tests.faults.proxy import Plan, faulty_proxy
from tests.faults.signer import SignerPlan
from tests.wallets.signer_server import serve_signer
from wallets.models import Network, RpcEndpoint

FINAL_DEPTH = 12
# Some runs have one way to the chain, some two; each lies and fails by a plan of its own.
WAYS = ("first", "second")


@dataclass(frozen=True, slots=True)
class Ground:
    """A chain, the network that reaches it through proxies, a signer, and their plans."""

    chain: Chain
    network: Network
    plans: tuple[Plan, ...]
    url: str
    signer: SignerPlan

    def seed(self, seed: int) -> None:
        """Quiet proxies whose faults are drawn by the seed from now on, and a chain nobody saw."""
        Network.objects.filter(pk=self.network.pk).update(
            watched_head="", watched_number=None, watched_at=None
        )
        RpcEndpoint.objects.filter(network=self.network).update(
            head_block=None, head_block_at=None, open_until=None, consecutive_errors=0
        )
        for number, plan in enumerate(self.plans):
            plan.dice, plan.injected = Dice(f"{seed}:{number}"), Counter()
        self.signer.dice, self.signer.injected = Dice(f"{seed}:signer"), Counter()
        self.fail(0.0)

    def begin_round(self, number: int) -> None:
        """What befalls its requests does not depend on how many there were before it."""
        for dice in self.dice:
            dice.begin(number)

    def fail(self, chance: float) -> None:
        """Let so many of all requests go wrong."""
        for plan in self.plans:
            plan.chance = chance
        self.signer.chance = chance

    @property
    def dice(self) -> list[Dice]:
        """All that decides about requests."""
        return [*(plan.dice for plan in self.plans), self.signer.dice]

    @property
    def injected(self) -> Counter[str]:
        """The faults of proxies and signer since they were seeded."""
        return sum((plan.injected for plan in self.plans), self.signer.injected)


@contextmanager
def behind_proxies(chain: Chain, network: Network) -> Iterator[Ground]:
    """The network, reaching its chain through proxies only, and a signer for wallets elsewhere."""
    RpcEndpoint.objects.filter(network=network).delete()
    plans = tuple(Plan(Dice(name)) for name in WAYS)
    with ExitStack() as stack:
        urls = [stack.enter_context(faulty_proxy(chain.url, plan)) for plan in plans]
        server = stack.enter_context(serve_signer())
        signer = server.reply = SignerPlan(server, Dice("signer"))
        for name, url in zip(WAYS, urls, strict=True):
            RpcEndpoint.objects.create(network=network, name=name, url=url)
        yield Ground(chain, network, plans, urls[0], signer)


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """A chain of its own behind proxies, over the database of this process."""
    with own_chain(folder) as chain:
        # No reorganisation of a run is deeper than finality.
        network = make_network(chain, confirm_depth=2, final_depth=FINAL_DEPTH)
        with behind_proxies(chain, network) as found:
            yield found


@contextmanager
def own_chain(folder: Path) -> Iterator[Chain]:
    """An anvil that mines when told."""
    config = AnvilConfig(31337, free_port(), folder / "anvil.log", kept_states=4000)
    with Anvil.start(config) as anvil, DevnetRpc(anvil.url) as rpc:
        rpc.call("evm_setAutomine", False)
        yield Chain(anvil.url, rpc)
