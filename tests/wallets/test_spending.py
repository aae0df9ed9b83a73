"""A day's limits hold across wallets, are given back when nothing was spent, and say when."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests.chains import ETHER, Chain, make_wallet
from tests.factories import an_address
from tests.transactions import reserve
from tests.wallets.intents import settled, ticked, transfer
from wallets.chain.client import NetworkClient
from wallets.models import Limit, Network, SpendReservation, Transaction, Wallet
from wallets.transactions.demands import Spend
from wallets.transactions.holds import Held
from wallets.transactions.operator import cancel_transaction, speed_up_transaction
from wallets.transactions.policy import Permit, PolicyRefusal
from wallets.transactions.watch import watch

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def make_limit(kind: str, amount: int, scope: str = "", **fields: Any) -> Limit:
    """A limit of everything, or of a scope like `wallet:first`."""
    scope_kind, _, value = scope.partition(":")
    return Limit.objects.create(
        kind=kind, scope_kind=scope_kind or "everything", scope_value=value, amount=amount, **fields
    )


@pytest.fixture
def sends(network: Network, wallet: Wallet, other_wallet: Wallet) -> Any:
    """Queues transfers of 1 ETH between our wallets."""

    def send(key: str, source: Wallet = wallet, **fields: Any) -> Transaction:
        target = other_wallet if source == wallet else wallet
        return ticked(transfer(source, network, target.address, key=key, **fields))

    return send


def states(*rows: Transaction) -> list[tuple[str, str]]:
    """Where the rows are, and why."""
    return [(row.state, row.hold_reason) for row in rows]


def test_a_days_limit_holds_what_is_above_it(sends: Any) -> None:
    make_limit("max_day_value", ETHER * 2)
    rows = [sends(key) for key in ("a", "b", "c")]
    assert states(*rows) == [("broadcast", ""), ("broadcast", ""), ("held", "limit")]
    today = timezone.now().date()
    assert rows[2].detail == (
        "the limit “Amount a day (UTC), all together for everything” leaves too little: 2 ETH of "
        f"2 ETH is spent or held back for {today}, this needs 1 ETH; it is free again at "
        f"{today + timedelta(days=1)} 00:00 UTC"
    )


def test_what_is_held_goes_out_when_the_limit_is_raised(sends: Any) -> None:
    limit = make_limit("max_day_value", ETHER)
    sends("a")
    row = sends("b")
    Limit.objects.filter(pk=limit.pk).update(amount=2 * ETHER)
    assert ticked(row).state == "broadcast"


def test_another_day_begins_anew(sends: Any) -> None:
    make_limit("max_day_value", ETHER)
    sends("a")
    yesterday = timezone.now().date() - timedelta(days=1)
    SpendReservation.objects.update(day=yesterday)
    assert sends("b").state == "broadcast"


def test_more_than_the_whole_limit_is_refused_for_it_would_wait_for_ever(sends: Any) -> None:
    make_limit("max_day_value", ETHER - 1)
    row = sends("a")
    assert row.state == "refused"
    assert row.detail.startswith("policy: 1 ETH alone is above the limit “Amount a day")


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        ("network:devnet-l1", True),
        ("protocol:evm", True),
        ("action:transfer", True),
        ("wallet:first", True),
        ("network:other", False),
        ("protocol:claims", False),
        ("action:swap", False),
        ("wallet:second", False),
    ],
)
def test_a_limit_holds_in_its_scope(sends: Any, scope: str, covered: bool) -> None:
    make_limit("max_day_value", ETHER, scope)
    sends("a")
    assert sends("b").state == ("held" if covered else "broadcast")


def test_all_limits_that_cover_it_hold(sends: Any) -> None:
    make_limit("max_day_value", 9 * ETHER)
    narrow = make_limit("max_day_value", ETHER, "wallet:first")
    sends("a")
    row = sends("b")
    assert str(narrow) in row.detail
    assert SpendReservation.objects.count() == 2


def test_a_limit_for_each_wallet_is_counted_for_each(
    sends: Any, chain: Chain, other_wallet: Wallet
) -> None:
    make_limit("max_wallet_day_value", ETHER)
    chain.fund(other_wallet.address, 10 * ETHER)
    rows = [sends("a"), sends("b", other_wallet), sends("c"), sends("d", other_wallet)]
    assert [row.state for row in rows] == ["broadcast", "broadcast", "held", "held"]


def test_a_limit_for_each_action_is_counted_for_each(sends: Any) -> None:
    make_limit("max_action_day_value", ETHER)
    rows = [sends(f"{n}", action=action) for n, action in enumerate(("x", "y", "x"))]
    assert [row.state for row in rows] == ["broadcast", "broadcast", "held"]


def test_a_disabled_limit_holds_nothing(sends: Any) -> None:
    make_limit("max_day_value", 1, enabled=False)
    assert sends("a").state == "broadcast"
    assert not SpendReservation.objects.exists()


def test_fees_are_held_back_at_their_most_and_settled_to_what_they_were(
    sends: Any, chain: Chain
) -> None:
    make_limit("max_day_fees", ETHER)
    row = sends("a")
    assert SpendReservation.objects.get().amount == row.reserved_amount - ETHER
    settled(row, chain)
    held = SpendReservation.objects.get()
    assert held.amount == row.receipts.get().fee
    assert held.settled_at
    assert not held.released_at


def test_a_days_fees_hold_the_next(sends: Any) -> None:
    limit = make_limit("max_day_fees", ETHER)
    row = sends("a")
    Limit.objects.filter(pk=limit.pk).update(amount=2 * (row.reserved_amount - ETHER) - 1)
    assert states(sends("b")) == [("held", "limit")]


def test_a_speed_up_holds_back_more_and_stays_within_the_limit(sends: Any) -> None:
    limit = make_limit("max_day_fees", ETHER)
    row = sends("a")
    first = SpendReservation.objects.get().amount
    speed_up_transaction(transaction_id=row.pk, actor="test")
    assert ticked(row).attempts.count() == 2
    raised = SpendReservation.objects.get().amount
    assert raised >= first * 9 // 8
    Limit.objects.filter(pk=limit.pk).update(amount=raised)
    speed_up_transaction(transaction_id=row.pk, actor="test")
    assert ticked(row).attempts.count() == 2
    assert "Speed-up is not possible: the limit “Fees a day" in row.detail


def test_a_cancel_is_never_kept_from_closing_its_nonce(sends: Any, chain: Chain) -> None:
    limits = [make_limit(kind, ETHER) for kind in ("max_day_fees", "max_day_value")]
    row = sends("a")
    Limit.objects.filter(pk=limits[0].pk).update(amount=1)
    cancel_transaction(transaction_id=row.pk, actor="test", reason="not wanted")
    assert settled(ticked(row), chain).outcome == "replaced"
    fees, value = (SpendReservation.objects.get(limit=limit) for limit in limits)
    assert fees.amount == row.receipts.get().fee
    assert value.released_at
    assert sends("b").hold_reason == "limit"


def test_what_was_never_spent_is_given_back(sends: Any, chain: Chain) -> None:
    make_limit("max_day_value", ETHER)
    first = sends("a")
    cancel_transaction(transaction_id=first.pk, actor="test", reason="not wanted")
    settled(ticked(first), chain)
    assert sends("b").state == "broadcast"


def test_what_was_spent_stays_counted(sends: Any, chain: Chain) -> None:
    make_limit("max_day_value", ETHER)
    assert settled(sends("a"), chain).state == "final"
    assert SpendReservation.objects.get().settled_at
    assert sends("b").state == "held"


def test_a_reorganisation_changes_nothing_that_is_held_back(sends: Any, chain: Chain) -> None:
    make_limit("max_day_value", ETHER)
    row = sends("a")
    chain.mine(2)
    watch(row.network, NetworkClient(row.network))
    chain.rpc.call("anvil_reorg", 2, [])
    watch(row.network, NetworkClient(row.network))
    held = SpendReservation.objects.get()
    assert (held.amount, held.settled_at, held.released_at) == (ETHER, None, None)


def test_a_held_transaction_holds_nothing_back(sends: Any) -> None:
    make_limit("max_day_value", 9 * ETHER)
    make_limit("max_day_value", ETHER, "wallet:first")
    first, second = sends("a"), sends("b")
    assert second.state == "held"
    assert set(SpendReservation.objects.values_list("transaction", flat=True)) == {first.pk}


def test_a_tokens_amount_is_counted_for_its_own_limit(
    network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    token = an_address("a token")
    limit = make_limit("max_day_value", 10, f"token:devnet-l1:{token.lower()}")
    make_limit("max_day_value", ETHER)
    rows = [transfer(wallet, network, other_wallet.address, key=f"{n}", value=0) for n in range(2)]
    permit = Permit("", "", (Spend(token, 7, leaves=True), Spend(token, 9, leaves=False)))
    with transaction.atomic():
        reserve(rows[0], permit, 1)
        with pytest.raises(Held, match=f"7 base units of {token} of 10 base units"):
            reserve(rows[1], permit, 1)
    assert [(one.limit, one.amount) for one in SpendReservation.objects.all()] == [(limit, 7)]


def test_a_token_cap_above_which_nothing_fits_is_refused(
    network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    token = an_address("a token")
    make_limit("max_day_value", 10, f"token:devnet-l1:{token}")
    row = transfer(wallet, network, other_wallet.address)
    with transaction.atomic(), pytest.raises(PolicyRefusal, match="alone is above the limit"):
        reserve(row, Permit("", "", (Spend(token, 11, leaves=True),)), 1)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("0x" + "ab" * 20, "Write network:address"),
        ("base:0x12", "is not an address"),
        ("base:0x" + "aB" * 19 + "ab", "wrong checksum"),
    ],
)
def test_a_token_is_named_with_its_network(db: None, value: str, told: str) -> None:
    limit = Limit(kind="max_value", scope_kind="token", scope_value=value, amount=1)
    with pytest.raises(ValidationError, match=told):
        limit.full_clean()


def test_a_limit_of_fees_has_no_token(db: None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_limit("max_day_fees", 1, f"token:base:{'0x' + 'ab' * 20}")


def test_the_third_wallet_waits_when_two_used_the_day(
    network: Network, wallet: Wallet, other_wallet: Wallet, chain: Chain
) -> None:
    make_limit("max_day_value", 2 * ETHER)
    others = [make_wallet(name, chain) for name in ("third", "fourth")]
    rows = [
        ticked(transfer(source, network, other_wallet.address, key=source.label))
        for source in (wallet, *others)
    ]
    assert [row.state for row in rows] == ["broadcast", "broadcast", "held"]
