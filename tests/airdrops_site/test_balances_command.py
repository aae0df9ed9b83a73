"""`manage.py wallets balances` shows what is known, and says what is not."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.chains import ETHER, Chain
from wallets.models import MinimumBalance, Network, Token, Wallet, WalletTag

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def balances(*arguments: str) -> Any:
    """What the command prints, read as JSON."""
    said = StringIO()
    call_command("wallets", "balances", "--json", *arguments, stdout=said)
    return json.loads(said.getvalue())


def amounts(*arguments: str) -> dict[tuple[str, str], str | None]:
    return {(row["wallet"], row["token"]): row["amount"] for row in balances(*arguments)}


def test_what_was_never_read_is_unknown(wallet: Wallet) -> None:
    (row,) = balances()
    assert (row["amount"], row["block"], row["read_at"]) == (None, None, None)


def test_refresh_asks_the_chain(wallet: Wallet, other_wallet: Wallet) -> None:
    assert amounts("--refresh") == {("first", "ETH"): str(10 * ETHER), ("second", "ETH"): "0"}


def test_it_says_at_which_block(wallet: Wallet, chain: Chain) -> None:
    chain.mine(2)
    (row,) = balances("--refresh")
    assert row["block"] == int(chain.rpc.call("eth_blockNumber"), 16)


def test_one_wallet_is_read_and_shown_alone(wallet: Wallet, other_wallet: Wallet) -> None:
    assert amounts("--refresh", "--wallet", "second") == {("second", "ETH"): "0"}
    assert amounts()["first", "ETH"] is None


def test_zero_is_left_out_on_request_and_unknown_is_not(
    network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    ghost = "0x00000000000000000000000000000000DeaDBeef"
    Token.objects.create(network=network, symbol="GHOST", address=ghost)
    assert amounts("--refresh", "--nonzero") == {
        ("first", "ETH"): str(10 * ETHER),
        ("first", "GHOST"): None,
        ("second", "GHOST"): None,
    }


def test_those_below_their_minimum_are_shown_alone(
    network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    MinimumBalance.objects.create(token=network.tokens.get(), amount=ETHER)
    assert amounts("--under-minimum") == {}
    assert amounts("--refresh", "--under-minimum") == {("second", "ETH"): "0"}


def test_the_table_is_for_people(wallet: Wallet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    said = StringIO()
    call_command("wallets", "balances", stdout=said)
    assert "unknown ETH" in said.getvalue()
    call_command("wallets", "balances", "--refresh", stdout=said)
    assert "10 ETH" in said.getvalue()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--wallet", "nobody"), "there is no wallet nobody"),
        (("--network", "nowhere"), "there is no network nowhere; known are devnet-l1"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(
    wallet: Wallet, arguments: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence) as refused:
        balances(*arguments)
    assert refused.value.returncode == 2


def test_a_network_that_may_not_be_asked_is_named(network: Network, wallet: Wallet) -> None:
    Network.objects.update(kind="mainnet")
    with pytest.raises(CommandError, match="AIRDROPS_CHAIN_ACCESS=devnet does not allow it"):
        balances("--refresh", "--network", "devnet-l1")


def test_wallets_of_a_tag_or_a_group_are_shown_alone(wallet: Wallet, other_wallet: Wallet) -> None:
    call_command("wallets", "mark", "first", "--add", "farm")
    call_command("wallets", "mark", "second", "--group", "treasury")
    assert amounts("--refresh", "--tag", "farm") == {("first", "ETH"): str(10 * ETHER)}
    assert amounts("--group", "treasury") == {("second", "ETH"): None}
    with pytest.raises(CommandError, match="no such wallet has the tag nothing"):
        balances("--tag", "nothing")
    with pytest.raises(CommandError, match="no such wallet has the group treasury"):
        balances("--tag", "farm", "--group", "treasury")


def test_a_minimum_of_a_tag_tells_of_its_wallets(
    network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    call_command("wallets", "mark", "first", "second", "--add", "farm")
    token, farm = Token.objects.get(symbol="ETH"), WalletTag.objects.get()
    MinimumBalance.objects.create(token=token, amount=ETHER, tag=farm)
    assert amounts("--refresh", "--under-minimum") == {("second", "ETH"): "0"}
