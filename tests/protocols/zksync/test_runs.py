"""A round trip through the real pipeline and runs: once, wherever a worker is killed."""

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from analytics import booking as books
from analytics.selectors import balance_change
from scheduling.models import Run, Step
from scheduling.points import WaitPoint
from scheduling.runs import advance_runs
from tests.protocols.zksync.chains import L1, L2, Chains, make_coin, make_networks
from tests.protocols.zksync.conftest import ETHER, register
from tests.scheduling.trading import run_of, work
from tests.wallets.crashing import broken_invariants, dies_at, time_passes
from wallets.chain.client import NetworkClient
from wallets.models import Token, Wallet
from wallets.services import create_keystore_wallet, verify_wallet
from wallets.transactions.watch import watch

ROUNDS = 40


class Journey:
    """A wallet with a key of its own on both chains, and the workers."""

    def __init__(self, chains: Chains) -> None:
        self.chains = chains
        self.networks = make_networks(chains)
        self.wallet: Wallet = verify_wallet(
            wallet=create_keystore_wallet(label="traveller", scrypt_n=2)
        )
        chains.fund(self.wallet.address, 10 * ETHER)

    def start(self, chain_id: int, action: str, **params: Any) -> Run:
        """A run that is due."""
        network = self.networks[chain_id]
        return run_of(network, self.wallet, action, params, protocol="zksync")

    def one_round(self) -> None:
        """What workers and both chains do until the next block."""
        Step.objects.exclude(look_at=None).update(look_at=timezone.now())
        work(*self.networks.values())
        for rpc in (self.chains.l1, self.chains.l2):
            rpc.call("evm_mine")
        for network in self.networks.values():
            watch(network, NetworkClient(network))
        advance_runs()
        self.chains.node.call("test_carry")
        self.chains.node.call("test_seal")

    def until_ended(self) -> None:
        """Go on until no run is under way; a run that needs a person has ended, too."""
        for _ in range(ROUNDS):
            if not Run.objects.filter(state__in=("pending", "running")).exists():
                return
            self.one_round()

    def killed_on_the_way(self) -> list[str]:
        """The same in children, each killed a boundary later than the one before; at which."""
        killed: list[str] = []
        while where := dies_at(None, "", self.until_ended, passes=len(killed)):
            killed.append(where)
            self.time_passes()
        return killed

    def time_passes(self) -> None:
        """Leases of who was killed run out."""
        for network in self.networks.values():
            time_passes(network)

    def sent(self) -> dict[int, int]:
        """How many transactions of the wallet each chain holds."""
        return {
            chain_id: int(
                self.chains.on(chain_id).call(
                    "eth_getTransactionCount", self.wallet.address, "latest"
                ),
                16,
            )
            for chain_id in (L1, L2)
        }


@pytest.fixture
def journey(db: None, chains: Chains, keystores: Path) -> Journey:
    """10 ETH on both chains."""
    return Journey(chains)


def states() -> set[tuple[str, str]]:
    """Of all runs, with what they say."""
    return set(Run.objects.values_list("state", "detail"))


@pytest.mark.django_db
def test_a_round_trip_takes_three_transactions(journey: Journey) -> None:
    journey.start(L1, "deposit", amount=str(ETHER))
    journey.until_ended()
    assert states() == {("succeeded", "")}
    journey.start(L2, "withdraw", amount=str(ETHER))
    journey.until_ended()
    assert states() == {("succeeded", "")}
    assert journey.sent() == {L1: 2, L2: 1}


def booked(journey: Journey) -> dict[int, int]:
    """How the books say that the native balances changed."""
    books.book_ledger()
    coins = Token.objects.filter(address="").select_related("network")
    return {
        coin.network.chain_id: balance_change(wallet=journey.wallet, token=coin) for coin in coins
    }


def held(journey: Journey) -> dict[int, int]:
    """What the chains say."""
    return {one: journey.chains.balance(one, journey.wallet.address) for one in (L1, L2)}


@pytest.mark.django_db
def test_the_books_of_both_chains_say_what_the_chains_say(journey: Journey) -> None:
    before = held(journey)
    journey.start(L2, "withdraw", amount=str(ETHER))
    journey.until_ended()
    after = held(journey)
    assert booked(journey) == {one: after[one] - before[one] for one in (L1, L2)}


@pytest.mark.django_db
def test_an_arrival_is_kept_with_its_wait_as_l2_logged_it(journey: Journey) -> None:
    before = held(journey)
    journey.start(L1, "deposit", amount=str(ETHER))
    journey.until_ended()
    after, found = held(journey), Step.objects.get(kind=Step.Kind.WAIT).found
    assert found is not None
    assert booked(journey)[L1] == after[L1] - before[L1]
    came = sum(int(movement["amount"]) for movement in found["movements"])
    assert (found["chain_id"], came) == (L2, after[L2] - before[L2])


@pytest.mark.django_db
def test_tokens_of_a_failed_deposit_are_back_before_a_person_is_asked(journey: Journey) -> None:
    coin = register(
        journey.networks[L1], make_coin(journey.chains.l1, journey.wallet.address, 1000)
    )
    journey.chains.node.call("test_fail")
    journey.start(L1, "deposit-token", token=coin, amount="7")
    journey.until_ended()
    ((state, detail),) = states()
    assert state == "needs_operator"
    assert f"failed; 7 of {coin} went back to {journey.wallet.address}" in detail
    assert journey.sent() == {L1: 3, L2: 0}


CROSSINGS = pytest.mark.parametrize(
    ("chain_id", "action", "sent"),
    [
        (L1, "deposit", {L1: 1, L2: 0}),
        (L2, "withdraw", {L1: 1, L2: 1}),
        # Each with an exact allowance before.
        (L1, "deposit-token", {L1: 2, L2: 0}),
        (L2, "withdraw-token", {L1: 1, L2: 2}),
    ],
)


def cross(journey: Journey, chain_id: int, action: str) -> None:
    """Have it begin: ether, or a token of the chain it begins on."""
    coin = {}
    if action.endswith("-token"):
        made = make_coin(journey.chains.on(chain_id), journey.wallet.address, ETHER)
        coin = {"token": register(journey.networks[chain_id], made)}
    journey.start(chain_id, action, amount=str(ETHER), **coin)


def happened_once(journey: Journey, sent: dict[int, int]) -> None:
    """The run ends well, with no transaction more than it takes, all of them final."""
    journey.until_ended()
    for _ in range(4):
        journey.one_round()
    assert states() == {("succeeded", "")}
    assert journey.sent() == sent
    broken = [broken_invariants(network) for network in journey.networks.values()]
    assert broken == [[], []]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@CROSSINGS
def test_a_crossing_killed_at_ever_later_boundaries_happens_once(
    journey: Journey, chain_id: int, action: str, sent: dict[int, int]
) -> None:
    cross(journey, chain_id, action)
    assert len(set(journey.killed_on_the_way())) > 10
    happened_once(journey, sent)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@CROSSINGS
def test_a_crossing_killed_wherever_it_waits_happens_once(
    journey: Journey, chain_id: int, action: str, sent: dict[int, int]
) -> None:
    cross(journey, chain_id, action)
    for point in WaitPoint:
        assert dies_at(point, "", journey.until_ended)
        journey.time_passes()
    happened_once(journey, sent)
