"""`manage.py plans`: what is refused is one sentence, and nothing was written."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.core.management import CommandError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from scheduling.models import Plan
from tests import factories
from tests.airdrops_site.desk import Desk, make_people
from tests.market import Market
from tests.protocols.operators import ETHER
from tests.scheduling.plans import allow_alone, coin, new_wallet
from wallets.models import Network

pytestmark = [pytest.mark.django_db, pytest.mark.db]
HEAD = "wallet,network,token,amount,to,purpose\n"


@pytest.fixture
def desk(registered: Network, market: Market, keystores: Path, tmp_path: Path) -> Desk:
    """A treasury with 10 ETH, of which one person may move 1 alone, and a friend."""
    allow_alone(ETHER, coin(registered))
    make_people(tmp_path)
    new_wallet("treasury", market, 10 * ETHER)
    new_wallet("friend", market)
    return Desk(tmp_path, registered, market)


def a_plan(desk: Desk, amount: str = "0.5") -> int:
    """The number of a new one."""
    line = f"plans transfer treasury devnet-l2 native {amount} --to friend --purpose gas"
    number: int = desk.run(line, user="ann")["plan"]
    return number


def test_a_preview_says_in_words_what_it_comes_to(desk: Desk) -> None:
    shown = desk.run(f"plans show {a_plan(desk, '3')}")
    assert shown["in_words"][0] == "1 lines send 3 ETH on devnet-l2."
    assert shown["in_words"][1].startswith("Fees: at most 0.000")
    assert (
        "A second person approves it: 3 ETH on devnet-l2: more than the 1 ETH"
        in (shown["in_words"][2])
    )
    (line,) = shown["lines"]
    assert line["in_words"].startswith("3 ETH from treasury to friend (our wallet) 0x")
    assert int(line["fee_at_most"]) > 21_000
    assert line["checks"] == []


def test_a_fee_nobody_tells_is_unknown(desk: Desk) -> None:
    number = a_plan(desk)
    desk.network.endpoints.update(url="http://127.0.0.1:9")
    shown = desk.run(f"plans show {number}")
    assert shown["lines"][0]["fee_at_most"] is None
    assert "the fee is unknown" in shown["lines"][0]["checks"][0]
    assert shown["in_words"][1] == "Fees: unknown on devnet-l2."


def test_what_would_be_refused_is_said_before_the_approval(desk: Desk) -> None:
    number = a_plan(desk)
    factories.LimitFactory.create(scope_kind="everything", scope_value="", amount=1)
    shown = desk.run(f"plans show {number}")
    assert "is above the limit of" in shown["lines"][0]["checks"][0]
    with pytest.raises(CommandError, match=r"line 1: .* is above the limit"):
        desk.run(f"plans approve {number}", user="ben")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("plans show 99", "there is no plan 99"),
        ("plans transfer nobody devnet-l2 native 1 --to friend --purpose x", "no wallet 'nobody'"),
        ("plans transfer treasury nowhere native 1 --to friend --purpose x", "no network nowhere"),
        ("plans transfer treasury devnet-l2 JUNK 1 --to friend --purpose x", "no enabled token"),
        ("plans transfer treasury devnet-l2 native x --to friend --purpose x", "is not a number"),
        ("plans transfer treasury devnet-l2 native 0 --to friend --purpose x", "above zero"),
        ("plans transfer treasury devnet-l2 native 1 --to eve --purpose x", "not confirmed"),
        ("plans transfer treasury devnet-l2 native 1 --to 0x12 --purpose x", "is not an address"),
        ("plans sweep --to friend", "say which wallets"),
        ("plans sweep --tag none --to friend", "no wallet has the tag"),
        ("plans sweep friend --to treasury --token USDC", "name the --network"),
    ],
)
def test_bad_input_is_a_sentence(desk: Desk, line: str, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence) as refused:
        desk.run(line, user="" if "show" in line else "ann")
    assert (refused.value.returncode, Plan.objects.exists()) == (2, False)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("wallet,network\n", "begins with other columns than wallet,network,token,amount"),
        (HEAD + "treasury,devnet-l2,native,1,friend\n", "line 2: it has not exactly 6 values"),
        (
            HEAD + "treasury,devnet-l2,native,1,friend,x\nfriend,devnet-l2,native,-1,treasury,x\n",
            "line 3: ",
        ),
        (HEAD, "there is nothing to move"),
    ],
)
def test_a_file_with_one_bad_line_makes_nothing(desk: Desk, text: str, sentence: str) -> None:
    path = desk.folder / "payments.csv"
    path.write_text(text)
    with pytest.raises(CommandError, match=sentence):
        desk.run(f"plans import {path}", user="ann")
    assert not Plan.objects.exists()


def sign_in(client: Client, name: str) -> Client:
    client.force_login(User.objects.get(username=name))
    return client


def asked(client: Client, verb: str, plan: int, **said: str) -> str:
    """What the person is told after pressing the verb's button."""
    address = reverse("admin:scheduling_plan_ask", args=[verb]) + f"?id={plan}"
    answer: Any = client.post(address, said)
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def test_the_console_approves_with_the_rights_of_the_person(desk: Desk, client: Client) -> None:
    number = a_plan(desk, "3")
    assert "no right scheduling.approve_plan" in asked(sign_in(client, "ann"), "approve", number)
    assert "Approve asked for" in asked(sign_in(client, "ben"), "approve", number)
    assert "Run asked for" in asked(sign_in(client, "ann"), "run", number)
    assert "Run asked for" in asked(sign_in(client, "ann"), "run", number)
    desk.until_plans_are_over()
    plan = Plan.objects.get()
    assert (plan.state, str(plan.approved_by)) == ("done", "ben")
    page = sign_in(client, "ann").get(reverse("admin:scheduling_plan_change", args=[number]))
    assert "1 of 1 lines happened" in page.content.decode()


def test_looking_at_a_plan_changes_nothing(desk: Desk, client: Client) -> None:
    number = a_plan(desk)
    for verb in ("approve", "run", "retry", "cancel"):
        address = reverse("admin:scheduling_plan_ask", args=[verb]) + f"?id={number}"
        page = sign_in(client, "ben").get(address)
        assert page.status_code == 200
    assert Plan.objects.get().state == "draft"


def test_a_page_of_many_lines_asks_no_more_than_one_of_few(desk: Desk, client: Client) -> None:
    sign_in(client, "ben")
    costs = []
    for count in (2, 20):
        rows = "".join(f"treasury,devnet-l2,native,0.01,friend,gas {n}\n" for n in range(count))
        path = desk.folder / "payments.csv"
        path.write_text(HEAD + rows)
        number = desk.run(f"plans import {path}", user="ann")["plan"]
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("admin:scheduling_plan_change", args=[number]))
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 45
