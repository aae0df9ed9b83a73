"""Two workers that sign at once cannot both take the last of a limit."""

from threading import Event

import pytest
from django.db import transaction

from tests.chains import ETHER, Chain, make_wallet
from tests.factories import LimitOverrideFactory
from tests.threads import workers
from tests.transactions import reserve
from tests.wallets.intents import transfer
from wallets.models import Limit, Network, Transaction
from wallets.transactions.demands import Spend
from wallets.transactions.holds import Held
from wallets.transactions.policy import Permit
from wallets.transactions.tick import tick

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

WALLETS = 6
ONE_ETHER = Permit("", "", (Spend("", ETHER, leaves=True),))


@pytest.fixture
def rows(network: Network, chain: Chain, keystores: object) -> list[Transaction]:
    """A transfer of 1 ETH in the lane of each of six wallets, to the next."""
    wallets = [make_wallet(f"wallet-{n}", chain) for n in range(WALLETS)]
    targets = [*wallets[1:], wallets[0]]
    pairs = zip(wallets, targets, strict=True)
    return [transfer(one, network, two.address, key=one.label) for one, two in pairs]


def test_the_second_signature_waits_for_the_first_and_sees_what_it_took(
    rows: list[Transaction],
) -> None:
    Limit.objects.create(kind="max_day_value", scope_kind="everything", amount=ETHER)
    taken, go_on = Event(), Event()

    def first() -> None:
        with transaction.atomic():
            reserve(rows[0], ONE_ETHER, 1)
            taken.set()
            assert go_on.wait(10)

    def second() -> None:
        with transaction.atomic():
            reserve(rows[1], ONE_ETHER, 1)

    with workers(2) as submit:
        one = submit(first)
        assert taken.wait(10)
        two = submit(second)
        with pytest.raises(TimeoutError):
            two.result(timeout=0.5)
        go_on.set()
        one.result(timeout=10)
        with pytest.raises(Held, match="1 ETH of 1 ETH is spent or held back"):
            two.result(timeout=10)


def test_lanes_that_sign_at_once_stay_within_a_limit_of_all(rows: list[Transaction]) -> None:
    # Made in another order than they are taken in, so that a wrong order of locks would show.
    for kind, scope, amount in (
        ("max_day_value", "network:devnet-l1", 4),
        ("max_hour_value", "protocol:evm", 3),
        ("max_day_value", "everything:", 2),
    ):
        scope_kind, _, value = scope.partition(":")
        limit = Limit.objects.create(
            kind=kind, scope_kind=scope_kind, scope_value=value, amount=amount * ETHER
        )
    # The tightest is overridden: the hour's is what counts, by day and by hour.
    LimitOverrideFactory.create(limit=limit, amount=3 * ETHER)
    with workers(WALLETS) as submit:
        for done in [submit(tick, row.lane_id) for row in rows]:
            done.result(timeout=60)
    states = list(Transaction.objects.values_list("state", flat=True))
    assert sorted(states) == ["broadcast"] * 3 + ["held"] * 3
