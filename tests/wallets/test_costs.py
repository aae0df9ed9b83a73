"""What a turn costs does not grow with what lies behind it."""

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from tests.wallets.intents import transfer
from wallets import tasks
from wallets.models import Network, NonceLane, Transaction, Wallet
from wallets.transactions.signing import next_nonce
from wallets.transactions.states import PENDING

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_a_pulse_with_nothing_to_do_asks_one_indexed_question(
    network: Network, wallet: Wallet, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    NonceLane.objects.create(wallet=wallet, network=network)
    with django_assert_num_queries(1):
        tasks.tick_lanes()


@pytest.mark.postgresql
@pytest.mark.parametrize("question", ["open", "highest", "waiting"])
def test_questions_about_a_lane_are_answered_by_an_index(
    network: Network, wallet: Wallet, other_wallet: Wallet, question: str
) -> None:
    lane = _full_lane(network, wallet, other_wallet)
    rows = {
        "open": lane.transactions.filter(state__in=PENDING),
        "highest": lane.transactions.filter(nonce__isnull=False).order_by("-nonce")[:1],
        "waiting": lane.transactions.filter(state__in=("queued", "held")).order_by(
            "-priority", "id"
        )[:16],
    }
    plan = rows[question].explain()
    assert "Seq Scan" not in plan, plan
    assert next_nonce(lane) == 3000


def _full_lane(network: Network, wallet: Wallet, other: Wallet) -> NonceLane:
    """A lane with thousands of final transactions behind it."""
    first = transfer(wallet, network, other.address)
    Transaction.objects.bulk_create(
        Transaction(
            lane=first.lane,
            network=network,
            idempotency_key=f"old:{number}",
            origin="test",
            protocol="evm",
            action="transfer",
            to=other.address,
            state="final",
            outcome="succeeded",
            nonce=number,
        )
        for number in range(3000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE wallets_transaction")
    return first.lane
