"""The guide to limits, command by command; and what the commands refuse."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from scheduling.models import Breaker
from tests.airdrops_site.desk import PASSWORD, make_people
from tests.airdrops_site.guides import commands, execute, run
from tests.factories import (
    BreakerFactory,
    LimitFactory,
    LimitOverrideFactory,
    NativeCoinFactory,
    ProtocolFactory,
    SpendReservationFactory,
    WalletFactory,
)
from wallets.models import Limit, LimitOverride

pytestmark = [pytest.mark.django_db, pytest.mark.db]
ETHER = 10**18


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """A file with the password of everybody; Ada is the administrator."""
    make_people(tmp_path)
    ada = User.objects.create_user("ada", password=PASSWORD, is_staff=True)
    ada.groups.add(Group.objects.get(name="administrator"))
    return tmp_path / "password"


def test_every_command_of_the_guide_works(people: Path) -> None:
    WalletFactory.create(label="treasury")
    NativeCoinFactory.create(symbol="ETH")
    BreakerFactory.create(protocol=ProtocolFactory.create(slug="evm"))
    for line in commands("limits.md"):
        number = str(LimitOverride.objects.values_list("pk", flat=True).first())
        code, said = execute(line, {"OVERRIDE": number}, people)
        assert code == 0, (line, said)
    assert dict(Limit.objects.values_list("kind", "amount")) == {
        "max_value": ETHER // 2,
        "max_hour_value": 2 * ETHER,
        "max_slippage": 100,
        "max_failures": 3,
    }
    assert LimitOverride.objects.get().ended_by == "user ada"
    assert Breaker.objects.get().state == "half_open"


def test_the_list_says_what_counts_now_and_what_is_used(db: None) -> None:
    NativeCoinFactory.create(symbol="ETH")
    limit = LimitFactory.create(kind="max_value", scope_kind="everything", scope_value="")
    row = LimitOverrideFactory.create(limit=limit, amount=5 * ETHER)
    SpendReservationFactory.create(limit=limit, amount=ETHER, day=row.created_at.date())
    (facts,) = json.loads(run("manage.py limits list --json")[1])
    assert (facts["counts"], facts["own"]) == (str(5 * ETHER), str(ETHER))
    assert facts["used"] == str(ETHER)
    assert (facts["override"], facts["shown"]) == (row.pk, "5 ETH")
    assert "1 ETH" in run("manage.py limits usage")[1]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("set max_budget campaign:scl '10 USD' --user ada", "there is no campaign scl"),
        ("set max_value nowhere '1 ETH' --user ada", "'nowhere' is no scope; write everything"),
        ("set max_value wallet '1 ETH' --user ada", "'wallet' is not whole"),
        ("set max_value wallet:nobody '1 ETH' --user ada", "there is no wallet nobody"),
        ("set max_value action:fly '1 ETH' --user ada", "there is no action fly"),
        ("set max_value everything 'much' --user ada", "'much' is not a number"),
        ("set max_value everything '1 USDC' --user ada", "'1 USDC' is not in ETH or wei"),
        ("set max_age everything 1.5 --user ada", "1.5 has more than 0 decimals"),
        ("set max_day_fees token:net:0x12 1 --user ada", "there is no network net"),
        (
            "override max_value everything 1 --hours 1 --reason x --user ada",
            "there is no limit max_value for everything",
        ),
        (
            "override max_value everything 1 --hours 169 --reason x --user ada",
            "'169' is not a number of hours, 1 to 168",
        ),
        ("end-override 999 --reason x --user ada", "there is no override 999"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(people: Path, line: str, told: str) -> None:
    NativeCoinFactory.create(symbol="ETH")
    with pytest.raises(CommandError, match=told) as refused:
        run(f"manage.py limits {line} --password-file {people}")
    assert refused.value.returncode == 2
    assert not Limit.objects.exists()


def test_a_closed_breaker_is_not_tried(db: None) -> None:
    ProtocolFactory.create(slug="evm")
    with pytest.raises(CommandError, match="is closed; only an open one is tried") as refused:
        run("manage.py breaker try evm --reason x")
    assert refused.value.returncode == 2


def test_the_console_lets_an_open_breaker_try(admin_client: Client) -> None:
    row = BreakerFactory.create()
    assert row.reason in admin_client.get(reverse("admin:index")).content.decode()
    page = admin_client.get(reverse("admin:scheduling_breaker_change", args=[row.pk]))
    assert ">Try again<" in page.content.decode()
    asked = reverse("admin:scheduling_breaker_ask", args=["try"])
    admin_client.post(f"{asked}?id={row.pk}", {"reason": "mended"})
    row.refresh_from_db()
    assert row.state == "half_open"


def test_the_console_overrides_a_limit_and_ends_it(admin_client: Client) -> None:
    limit = LimitFactory.create()
    said = {"limit": limit.pk, "amount": "5", "reason": "a claim"}
    when = {"expires_at_0": "2099-01-01", "expires_at_1": "12:00"}
    address = reverse("admin:wallets_limitoverride_add")
    page = admin_client.post(address, said | when).content.decode()
    assert "7 days at most" in page
    assert not LimitOverride.objects.exists()
    soon = timezone.now() + timedelta(hours=1)
    when = {"expires_at_0": f"{soon:%Y-%m-%d}", "expires_at_1": f"{soon:%H:%M}"}
    admin_client.post(address, said | when)
    row = LimitOverride.objects.get()
    asked = reverse("admin:wallets_limitoverride_ask", args=["end"])
    admin_client.post(f"{asked}?id={row.pk}", {"reason": "done"})
    row.refresh_from_db()
    assert row.ended_at
