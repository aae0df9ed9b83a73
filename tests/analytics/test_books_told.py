"""What the chain told of our wallets is booked once, beside what our own receipts say."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from eth_utils.address import to_checksum_address

from analytics.booking import book_ledger
from analytics.books.balance import account_sums
from analytics.books.reading import book_again, book_everything, book_news
from analytics.ledger import book_transaction
from analytics.models import Campaign, ChainTransaction, ChainTransfer, LedgerEntry
from analytics.selectors import balance_change, valid_entries
from scheduling.models import Step
from scheduling.states import STEP, StepState
from scheduling.waits import settle_wait
from tests.analytics.told import BLOCK_AT, STRANGER, USDC, Ground, confirm, into, out, settle
from tests.factories import WalletFactory
from wallets.models import Token, Wallet
from wallets.transitions import born, move

pytestmark = [pytest.mark.django_db, pytest.mark.db]
HASH = "0x" + "ab" * 32
NEW = to_checksum_address("0x" + "bb" * 20)


def told(ground: Ground, direction: str, amount: int, token: str = "", **fields: Any) -> None:
    """The chain tells of a transfer of the ground's wallet."""
    ChainTransfer.objects.create(
        **{
            "network": ground.network,
            "wallet": ground.wallet,
            "hash": HASH,
            "place": ChainTransfer.objects.count(),
            "direction": direction,
            "token_address": token,
            "counterparty": STRANGER,
            "amount": amount,
            "block_number": 9,
            "block_at": BLOCK_AT,
            "source": "rpc",
            **fields,
        }
    )


def sent(ground: Ground, **fields: Any) -> ChainTransaction:
    """A transaction that the wallet signed, as the chain tells of it."""
    return ChainTransaction.objects.create(
        **{
            "network": ground.network,
            "wallet": ground.wallet,
            "hash": HASH,
            "block_number": 9,
            "block_at": BLOCK_AT,
            "recipient": STRANGER,
            "value": 0,
            "fee": 70,
            "succeeded": True,
            "source": "rpc",
            **fields,
        }
    )


def said() -> list[tuple[str, int, str]]:
    """Kind, amount and account of what counts."""
    return sorted(valid_entries().values_list("kind", "amount", "account"))


def settled_swap(ground: Ground) -> str:
    """Ours, by its receipt: 5 wei for 7 of a token."""
    row = ground.transaction(value=5)
    step = ground.step(row)
    confirm(row)
    settle(step, out(5), into(7, USDC))
    book_transaction(transaction_id=row.pk)
    return row.attempts.get().hash


def test_a_deposit_from_outside_is_booked_once(ground: Ground) -> None:
    told(ground, "in", 100, USDC)
    book_news()
    assert book_everything() == 0
    entry = LedgerEntry.objects.get()
    assert (entry.kind, entry.amount, entry.account) == ("in", 100, "outside")
    assert (entry.block_number, entry.receipt) == (9, None)
    assert entry.transfer == ChainTransfer.objects.get()


def test_what_a_receipt_has_booked_is_not_booked_again(ground: Ground) -> None:
    tx_hash = settled_swap(ground)
    before = said()
    told(ground, "out", 5, hash=tx_hash)
    told(ground, "in", 7, USDC, hash=tx_hash)
    book_news()
    assert said() == before


def test_what_the_chain_tells_beyond_the_settlement_is_booked_too(ground: Ground) -> None:
    tx_hash = settled_swap(ground)
    told(ground, "in", 9, USDC, hash=tx_hash)
    told(ground, "in", 3, hash=tx_hash, place=-2)
    book_news()
    assert balance_change(wallet=ground.wallet, token=ground.usdc) == 9
    assert LedgerEntry.objects.get(token=ground.native, kind="in").amount == 3


def test_what_is_not_settled_yet_waits_and_is_not_booked_twice_then(ground: Ground) -> None:
    row = ground.transaction()
    step = ground.step(row)
    confirm(row)
    told(ground, "in", 7, USDC, hash=row.attempts.get().hash)
    book_news()
    assert not LedgerEntry.objects.filter(token=ground.usdc).exists()
    settle(step, into(7, USDC))
    book_transaction(transaction_id=row.pk)
    book_again([row.pk])
    assert balance_change(wallet=ground.wallet, token=ground.usdc) == 7


def test_both_wallets_of_a_transfer_signed_elsewhere_are_booked_and_its_fee(
    ground: Ground,
) -> None:
    sent(ground, value=5, recipient=ground.other.address)
    told(ground, "out", 5, counterparty=ground.other.address)
    told(ground, "in", 5, wallet=ground.other, counterparty=ground.wallet.address)
    book_news()
    assert said() == [("fee", 70, "fee"), ("in", 5, "own"), ("out", 5, "own")]
    assert balance_change(wallet=ground.wallet, token=ground.native) == -75


def test_a_fee_of_a_transaction_that_became_ours_is_the_receipts(ground: Ground) -> None:
    row = ground.transaction()
    sent(ground, hash=row.attempts.get().hash)
    LedgerEntry.objects.all().delete()
    book_news()
    confirm(row)
    book_transaction(transaction_id=row.pk)
    book_everything()
    assert [kind for kind, *_ in said()] == ["fee"]
    assert said()[0][1] == 21_000


def test_a_fee_that_was_booked_before_the_transaction_became_ours_is_not_paid_twice(
    ground: Ground,
) -> None:
    sent(ground)
    book_news()
    row = ground.transaction()
    ChainTransaction.objects.update(hash=row.attempts.get().hash)
    confirm(row)
    book_ledger()
    assert said() == [("fee", 21_000, "fee")]


def test_an_exchange_signed_elsewhere_is_one(ground: Ground) -> None:
    sent(ground)
    told(ground, "out", 5)
    told(ground, "in", 7, USDC)
    book_news()
    assert {account for _, _, account in said()} == {"fee", "trade"}


def test_what_a_campaigns_contract_pays_is_of_the_campaign(ground: Ground) -> None:
    campaign = Campaign.objects.create(slug="c", name="C", claim_contract=STRANGER)
    campaign.networks.add(ground.network)
    told(ground, "in", 7, USDC)
    book_news()
    entry = LedgerEntry.objects.get()
    assert (entry.account, entry.campaign) == ("airdrop", campaign)


def test_an_arrival_is_tied_to_the_run_that_sent_it_and_nothing_is_under_way(
    ground: Ground,
) -> None:
    row = ground.transaction(value=100, protocol="zksync", action="deposit")
    ground.run.task.protocol.slug = "zksync"
    step = ground.step(row)
    confirm(row)
    settle(step, out(100))
    book_transaction(transaction_id=row.pk)
    assert said() == [("fee", 21_000, "fee"), ("out", 100, "bridge")]
    assert account_sums()[ground.native.pk] == {"fee": 21_000, "bridge": 100}
    there = Ground.lay()
    wait = Step.objects.create(
        run=ground.run, index=99, kind="wait", label="w", spec={}, found={"tx_hash": HASH}
    )
    told(there, "in", 100, wallet=ground.wallet)
    book_news()
    entry = LedgerEntry.objects.get(kind="in")
    assert (entry.account, entry.step, entry.token) == ("bridge", wait, there.native)
    assert sum(accounts["bridge"] for accounts in account_sums().values()) == 0


def test_an_arrival_that_was_told_before_its_wait_has_found_it_is_no_deposit(
    ground: Ground,
) -> None:
    told(ground, "in", 100)
    book_news()
    assert said() == [("in", 100, "outside")]
    step = Step.objects.create(run=ground.run, index=99, kind="wait", label="w", spec={})
    born(step, machine=STEP, actor="test")
    move(step, StepState.WAITING, machine=STEP, actor="test")
    settle_wait(step, {"tx_hash": HASH})
    book_ledger()
    assert said() == [("in", 100, "bridge")]


def paid_to_who_is_ours_later(ground: Ground) -> Wallet:
    """Five wei to an address that is added as a wallet once that is booked; its history is read."""
    row = ground.transaction(value=5, to=NEW)
    step = ground.step(row)
    confirm(row)
    settle(step, out(5, to=NEW))
    book_ledger()
    assert said() == [("fee", 21_000, "fee"), ("out", 5, "outside")]
    later = WalletFactory.create(address=NEW)
    place: dict[str, Any] = {"hash": row.attempts.get().hash, "block_number": 1}
    told(ground, "in", 5, wallet=later, counterparty=ground.wallet.address, **place)
    return later


def test_what_was_paid_to_an_address_that_is_ours_now_stayed_with_us(ground: Ground) -> None:
    later = paid_to_who_is_ours_later(ground)
    book_news()
    assert said() == [("fee", 21_000, "fee"), ("in", 5, "own"), ("out", 5, "own")]
    assert balance_change(wallet=later, token=ground.native) == 5
    assert book_everything() == 0


def test_what_an_opening_has_in_it_is_not_booked_beside_it(ground: Ground) -> None:
    later = paid_to_who_is_ours_later(ground)
    LedgerEntry.objects.create(
        wallet=later, token=ground.native, kind="in", amount=5, account="opening", ordinal=1,
        block_number=1, occurred_at=BLOCK_AT, status="final", reason="there", booked_by="ann",
    )  # fmt: skip
    told(ground, "in", 7, wallet=later, block_number=2)
    book_news()
    assert balance_change(wallet=later, token=ground.native) == 5 + 7
    assert ("out", 5, "outside") in said()


def test_all_accounts_of_a_token_are_what_the_wallets_do_not_have(ground: Ground) -> None:
    settled_swap(ground)
    told(ground, "in", 100)
    told(ground, "out", 30, counterparty=ground.other.address)
    told(ground, "in", 30, wallet=ground.other, counterparty=ground.wallet.address)
    book_news()
    for token, accounts in account_sums().items():
        held = valid_entries().filter(token=token)
        signed = sum(one.amount if one.kind == "in" else -one.amount for one in held)
        assert sum(accounts.values()) == -signed
        assert accounts.get("own", 0) == 0


def test_entries_from_before_there_were_accounts_get_theirs(ground: Ground) -> None:
    settled_swap(ground)
    before = set(LedgerEntry.objects.values_list("kind", "account", "block_number"))
    LedgerEntry.objects.update(account="outside", block_number=None)
    migration = import_module("analytics.migrations.0005_accounts")
    migration.fill(apps, None)
    assert set(LedgerEntry.objects.values_list("kind", "account", "block_number")) == before


def test_a_token_nobody_knows_is_booked_once_it_is_registered(ground: Ground) -> None:
    told(ground, "in", 7, NEW)
    book_news()
    assert said() == []
    Token.objects.create(network=ground.network, symbol="NEW", address=NEW)
    assert book_everything() == 1
    assert said() == [("in", 7, "outside")]


def test_what_goes_to_itself_is_nothing(ground: Ground) -> None:
    told(ground, "in", 5, counterparty=ground.wallet.address)
    book_news()
    assert said() == []


@pytest.mark.parametrize(
    ("protocol", "moved", "account"),
    [
        ("evm", [out(5)], "outside"),
        ("evm", [out(5), into(7, USDC)], "trade"),
        ("aave", [out(5), into(7, USDC)], "trade"),
        ("scroll", [out(5)], "bridge"),
        ("zksync", [into(5)], "bridge"),
    ],
)
def test_the_other_side_follows_from_the_protocol_and_what_moved(
    ground: Ground, protocol: str, moved: list[Any], account: str
) -> None:
    row = ground.transaction(protocol=protocol)
    step = ground.step(row)
    confirm(row)
    settle(step, *moved)
    book_transaction(transaction_id=row.pk)
    accounts = valid_entries().exclude(kind="fee").values_list("account", flat=True)
    assert set(accounts) == {account}
