"""Books beside a real chain: each difference is found in its block, named, and put right."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError

from analytics import booking
from analytics.books import reading
from analytics.books.beside import put_beside
from analytics.books.reading import book_news
from analytics.models import ChainTransfer, LedgerEntry
from analytics.selectors import valid_entries
from tests.airdrops_site.guides import commands, run
from tests.chains import ETHER, Chain
from wallets import leases
from wallets.chain.client import NetworkClient
from wallets.models import Network, RpcEndpoint, Token, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]
RICH = "0x8ba1f109551bD432803012645Ac136ddd64DBA72"
# Pays what it is sent to the address in its calldata.
FORWARDER = "0x5f5f5f5f345f355af100"
# A token of which everybody has what is in its first word.
GROWING = "0x5f545f5260205ff3"
PLACE = "--wallet first --network devnet-l1"
GHOST = "0x3333333333333333333333333333333333333333"


@pytest.fixture
def opened(network: Network, wallet: Wallet, other_wallet: Wallet, chain: Chain) -> Network:
    """Two wallets whose books are open; blocks are final after four."""
    for account in (RICH, wallet.address):
        chain.rpc.call("anvil_impersonateAccount", account)
    chain.fund(RICH, 1_000 * ETHER)
    chain.mine(5)
    assert (
        run("manage.py ledger open --wallet first --network devnet-l1 --cost ETH=30000.50")[0] == 0
    )
    return network


def send(chain: Chain, sender: str, to: str, value: int, data: str = "0x") -> None:
    """Somebody sends it, and it is final."""
    message = {"from": sender, "to": to, "value": hex(value), "data": data, "gas": hex(100_000)}
    chain.rpc.call("eth_sendTransaction", message)
    chain.mine(6)


def reconcile(more: str = "") -> tuple[int, dict[str, Any]]:
    """The exit code and what it found."""
    code, said = run(f"manage.py ledger reconcile --json {more}")
    return code, json.loads(said)


def causes(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["wallet"], one["what"]) for one in found["findings"]]


def test_an_opening_is_what_the_chain_has_with_what_it_cost(opened: Network) -> None:
    entry = LedgerEntry.objects.get()
    assert (entry.account, entry.amount, entry.cost_cents) == ("opening", 10 * ETHER, 3_000_050)
    again = run("manage.py ledger open --wallet first --network devnet-l1 --json")
    assert (again[0], json.loads(again[1])) == (0, [])
    assert reconcile()[0] == 0


def test_what_others_send_and_what_was_signed_elsewhere_is_found_and_booked(
    opened: Network, chain: Chain, wallet: Wallet
) -> None:
    send(chain, RICH, wallet.address, 5)
    send(chain, wallet.address, RICH, 7)
    code, found = reconcile()
    assert code == 1
    assert [what for _, what in causes(found)] == [
        "a transfer that was not booked",
        "a transfer that was not booked",
        "the fee of a transaction that was signed elsewhere",
    ]
    assert reconcile("--repair --dry-run")[0] == 1
    code, found = reconcile("--repair")
    assert (code, found["different"], found["booked"]) == (0, 0, {"devnet-l1": 3})


def test_what_a_contract_pays_inside_a_transaction_is_found_by_its_trace(
    opened: Network, chain: Chain, wallet: Wallet
) -> None:
    chain.rpc.call("anvil_setCode", GHOST, FORWARDER)
    send(chain, RICH, GHOST, 9, "0x" + wallet.address[2:].lower().rjust(64, "0"))
    assert chain.balance(wallet.address) == 10 * ETHER + 9
    _, found = reconcile()
    assert causes(found) == [("first", "native coin that a contract paid inside a transaction")]
    assert reconcile("--repair")[0] == 0


def test_what_a_contract_paid_is_not_booked_again_with_what_was_missing_in_its_block(
    opened: Network, chain: Chain, wallet: Wallet
) -> None:
    chain.rpc.call("anvil_setCode", GHOST, FORWARDER)
    chain.rpc.call("evm_setAutomine", False)
    data = "0x" + wallet.address[2:].lower().rjust(64, "0")
    calls = ((wallet.address, GHOST, 9, data), (RICH, wallet.address, 5, "0x"))
    for sender, to, value, more in calls:
        message = {"from": sender, "to": to, "value": hex(value), "data": more, "gas": hex(100_000)}
        chain.rpc.call("eth_sendTransaction", message)
    chain.mine(6)
    chain.rpc.call("evm_setAutomine", True)
    assert run(f"manage.py history scan {PLACE}")[0] == 0
    ChainTransfer.objects.filter(counterparty=RICH).delete()
    book_news()
    code, found = reconcile("--repair")
    assert (code, found["different"], found["booked"]) == (0, 0, {"devnet-l1": 1})
    assert ChainTransfer.objects.filter(place__lt=ChainTransfer.VALUE_PLACE).count() == 1


def test_what_nothing_explains_stays_until_a_person_says_why(
    opened: Network, chain: Chain, wallet: Wallet
) -> None:
    send(chain, RICH, wallet.address, 5)
    chain.fund(wallet.address, 9 * ETHER)
    chain.mine(6)
    code, found = reconcile("--repair")
    assert (code, found["different"]) == (1, 1)
    assert "nothing in the block explains it" in found["findings"][-1]["what"]
    line = "manage.py ledger adjust --wallet first --network devnet-l1 --token ETH"
    assert run(f'{line} --reason "the devnet was set"')[0] == 0
    assert reconcile()[0] == 0
    entry = valid_entries().get(account="adjustment")
    assert (entry.kind, entry.reason) == ("out", "the devnet was set")
    assert entry.booked_by.startswith("shell ")


def test_a_token_that_grows_by_itself_is_income(
    opened: Network, chain: Chain, wallet: Wallet
) -> None:
    Token.objects.create(network=opened, symbol="GROW", address=GHOST, decimals=2)
    chain.rpc.call("anvil_setCode", GHOST, GROWING)
    for worth in (100, 105):
        chain.rpc.call("anvil_setStorageAt", GHOST, "0x" + "0" * 64, f"0x{worth:064x}")
        chain.mine(5)
        if worth == 100:
            run(f"manage.py ledger open {PLACE}")
    _, found = reconcile("--wallet first")
    (one,) = found["findings"]
    assert (one["token"], one["amount"]) == ("GROW", "0.05")
    assert one["what"] == "the token changes balances by itself, without transfers"
    assert reconcile("--wallet first --repair")[0] == 0
    assert valid_entries().get(account="income").amount == 5


def test_what_was_there_before_is_said_to_be_an_opening(
    opened: Network, chain: Chain, other_wallet: Wallet
) -> None:
    chain.fund(other_wallet.address, 3)
    chain.mine(5)
    code, found = reconcile("--repair")
    assert code == 1
    assert "it was there before the books began" in causes(found)[0][1]


def test_what_the_books_miss_of_later_is_not_taken_for_what_was_there_before(
    opened: Network, chain: Chain, other_wallet: Wallet
) -> None:
    place = f"--wallet {other_wallet.label} --network devnet-l1"
    chain.fund(other_wallet.address, 3)
    send(chain, RICH, other_wallet.address, 5)
    assert run(f"manage.py history scan {place}")[0] == 0
    send(chain, RICH, other_wallet.address, 7)
    book_news()
    with pytest.raises(CommandError, match="behind block"):
        run(f"manage.py ledger open {place}")
    assert run(f"manage.py history scan {place}")[0] == 0
    book_news()
    assert run(f"manage.py ledger open {place}")[0] == 0
    assert valid_entries().get(wallet=other_wallet, account="opening").amount == 3


def test_what_waits_to_be_booked_is_no_difference(
    opened: Network, chain: Chain, wallet: Wallet
) -> None:
    send(chain, RICH, wallet.address, 5)
    assert run(f"manage.py history scan {PLACE}")[0] == 0
    assert (reconcile()[0], valid_entries().count()) == (0, 2)


def test_while_another_process_books_what_waits_everything_is_unknown(
    opened: Network, chain: Chain, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(chain, RICH, wallet.address, 5)
    assert run(f"manage.py history scan {PLACE}")[0] == 0
    assert leases.take(reading.TRANSFERS, owner="another", duration=timedelta(minutes=1))
    monkeypatch.setattr(booking, "CATCH_UP_SECONDS", 0)
    code, found = reconcile()
    assert (code, {line["chain"] for line in found["lines"]}) == (1, {None})
    assert found["problems"] == {"devnet-l1": "the books are behind what was done; ask again"}
    with pytest.raises(CommandError, match="the books are behind"):
        run("manage.py ledger adjust --wallet first --network devnet-l1 --token ETH --reason x")


def test_a_balance_that_could_not_be_read_is_unknown_and_not_equal(
    opened: Network, wallet: Wallet
) -> None:
    RpcEndpoint.objects.update(url="http://127.0.0.1:9")
    client = NetworkClient(opened)
    beside = put_beside(network=opened, client=client, wallets=[wallet])
    assert [(one.chain, one.is_equal) for one in beside.lines] == [(None, False)]
    code, found = reconcile()
    assert (code, causes(found)[0][1].split(":")[0]) == (1, "the balance could not be read")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("reconcile --network nowhere", "there is no network nowhere"),
        ("reconcile --dry-run", "give both"),
        (f"open {PLACE} --cost ETH", "TOKEN=DOLLARS"),
        (
            f"adjust {PLACE} --token ETH --reason x",
            "nothing is to be done",
        ),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_nothing_is_written(
    opened: Network, line: str, told: str
) -> None:
    before = LedgerEntry.objects.count()
    with pytest.raises(CommandError, match=told) as refused:
        run(f"manage.py ledger {line}")
    assert (refused.value.returncode, LedgerEntry.objects.count()) == (2, before)


def test_every_command_of_the_guide_works(
    network: Network, chain: Chain, wallet: Wallet, other_wallet: Wallet
) -> None:
    chain.rpc.call("anvil_impersonateAccount", RICH)
    chain.fund(RICH, ETHER)
    chain.fund(other_wallet.address, 3)
    chain.mine(5)
    for line in commands("books.md"):
        if " balances --w" in line:
            send(chain, RICH, wallet.address, 5)
        if " adjust " in line:
            chain.fund(wallet.address, 4)
            chain.mine(5)
        assert run(line)[0] in (0, 1), line
    assert reconcile()[0] == 0
