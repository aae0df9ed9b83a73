"""`manage.py deployments`: what is called is what was found, and a person answers for the rest."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command

from airdrops_site.roles import sync_roles
from protocols.models import Deployment, Protocol
from tests.market import Market
from wallets.models import Network, PolicyRule, RpcEndpoint

pytestmark = [pytest.mark.django_db, pytest.mark.db]
PASSWORD = "a long password of the tests"
FIRST = "0x" + "11" * 20
SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"


@pytest.fixture(autouse=True)
def people(tmp_path: Path) -> None:
    """Ann operates, Ada administers."""
    sync_roles()
    for name, role in (("ann", "operator"), ("ada", "administrator")):
        user = User.objects.create_user(name, password=PASSWORD, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
    (tmp_path / "password").write_text(PASSWORD)


@pytest.fixture
def weth(devnet: Network, market: Market) -> Deployment:
    """A published contract that nobody has looked at yet."""
    return Deployment.objects.create(
        protocol=Protocol.objects.get(slug="evm"),
        network=devnet,
        role="weth",
        address=market.manifest.l2.weth.contract.address,
        abi="weth",
        source="a list of addresses",
    )


@pytest.fixture
def deployments(tmp_path: Path) -> Any:
    """The exit code of the command, and what it prints, read as JSON."""

    def run(*arguments: object, user: str = "") -> tuple[int, Any]:
        who = ("--user", user, "--password-file", tmp_path / "password") if user else ()
        said, code = StringIO(), 0
        try:
            words = [str(word) for word in (*arguments, *who)]
            call_command("deployments", "--json", *words, stdout=said)
        except SystemExit as ended:
            code = int(str(ended.code))
        return code, json.loads(said.getvalue())

    return run


def refused(*arguments: object) -> str:
    """The one sentence of a refusal."""
    with pytest.raises(CommandError) as refusal:
        call_command("deployments", *[str(word) for word in arguments], stdout=StringIO())
    assert refusal.value.returncode == 2
    return str(refusal.value)


def test_what_adapters_publish_comes_in_disabled(deployments: Any) -> None:
    Network.objects.create(chain_id=1, slug="ethereum", name="Ethereum", kind="mainnet")
    _, rows = deployments("list", "--network", "ethereum", "--protocol", "evm")
    assert {row["role"] for row in rows} >= {"weth", "uniswap_v2_router"}
    assert {row["enabled"] for row in rows} == {False}
    assert not PolicyRule.objects.exists()


def test_verifying_records_and_enables_nothing(deployments: Any, weth: Deployment) -> None:
    code, (row,) = deployments("verify", "--network", weth.network.slug)
    assert (code, row["verdict"], row["enabled"]) == (0, "first_seen", False)
    assert row["code_hash"]
    assert deployments("verify")[1][0]["verdict"] == "same"


def test_enabling_allows_what_the_role_needs(deployments: Any, weth: Deployment) -> None:
    code, (row,) = deployments("enable", weth.pk)
    assert (code, row["enabled"], row["problem"]) == (0, True, "")
    assert PolicyRule.objects.filter(address=weth.address, enabled=True).count() == 2


def test_a_dry_run_says_what_would_be_allowed(deployments: Any, weth: Deployment) -> None:
    RpcEndpoint.objects.update(enabled=False)
    code, (row,) = deployments("enable", weth.pk, "--dry-run")
    assert (code, row["would_allow"]) == (0, ["deposit()", "withdraw(uint256)"])
    weth.refresh_from_db()
    assert (weth.enabled, weth.code_hash) == (False, "")
    assert not PolicyRule.objects.exists()


def test_a_change_is_in_the_exit_code_and_in_the_list(
    deployments: Any, weth: Deployment, market: Market
) -> None:
    deployments("enable", weth.pk)
    assert deployments("list", "--changed") == (0, [])
    market.rpc.call("anvil_setCode", weth.address, "0x60016000f3")
    code, (row,) = deployments("verify")
    assert (code, row["verdict"], row["enabled"]) == (1, "changed", False)
    assert [one["number"] for one in deployments("list", "--changed")[1]] == [weth.pk]


def test_a_network_that_does_not_answer_is_in_the_exit_code(
    deployments: Any, weth: Deployment
) -> None:
    RpcEndpoint.objects.update(enabled=False)
    code, (row,) = deployments("verify")
    assert (code, row["verdict"]) == (1, "unknown")
    code, (row,) = deployments("enable", weth.pk)
    assert (code, row["enabled"]) == (1, False)
    assert "has no read endpoint" in row["problem"]


def test_a_changed_one_is_enabled_by_a_person_who_vouches(
    deployments: Any, weth: Deployment, market: Market
) -> None:
    deployments("enable", weth.pk)
    market.rpc.call("anvil_setStorageAt", weth.address, SLOT, f"0x{FIRST[2:]:0>64}")
    assert deployments("verify")[0] == 1
    assert deployments("enable", weth.pk)[0] == 1
    code, (row,) = deployments("enable", weth.pk, "--implementation", FIRST, user="ada")
    assert (code, row["enabled"], row["implementation"]) == (0, True, FIRST)


def test_what_is_published_as_doubtful_stays_disabled(deployments: Any, weth: Deployment) -> None:
    Deployment.objects.update(doubt="seen in one blog only")
    for verb in ("verify", "enable"):
        assert "as not to be used: seen in one blog only" in refused(verb, weth.pk)
        assert deployments(verb, "--network", weth.network.slug)[0] == 0
    weth.refresh_from_db()
    assert (weth.enabled, weth.code_hash) == (False, "")


def test_a_person_overrides_a_doubt_and_that_stays_on_record(
    deployments: Any, weth: Deployment
) -> None:
    Deployment.objects.update(doubt="seen in one blog only")
    code, (row,) = deployments("enable", weth.pk, "--override-reason", "asked them", user="ada")
    assert (code, row["enabled"], row["doubt_overridden"]) == (0, True, "ada: asked them")


def test_an_override_ends_when_the_contract_is_taken_out_of_use(
    deployments: Any, weth: Deployment
) -> None:
    Deployment.objects.update(doubt="seen in one blog only")
    deployments("enable", weth.pk, "--override-reason", "asked them", user="ada")
    deployments("disable", weth.pk, "--reason", "they were wrong")
    deployments("enable", "--network", weth.network.slug)
    weth.refresh_from_db()
    assert (weth.enabled, weth.doubt_overridden) == (False, "")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--override-reason", "asked them"), "need --user"),
        (("--code-hash", "0x" + "00" * 32), "need --user"),
        (("--code-hash", "0x12"), "'0x12' is no code hash"),
        (("--implementation", "0x12"), "is not an address"),
    ],
)
def test_nobody_vouches_unnamed(
    weth: Deployment, arguments: tuple[str, ...], sentence: str
) -> None:
    assert sentence in refused("enable", weth.pk, *arguments)


def test_vouching_is_a_right_of_administrators(weth: Deployment, tmp_path: Path) -> None:
    Deployment.objects.update(doubt="seen in one blog only")
    who = ("--user", "ann", "--password-file", tmp_path / "password")
    sentence = refused("enable", weth.pk, "--override-reason", "asked them", *who)
    assert "has no right protocols.vouch_deployment" in sentence
    assert not Deployment.objects.exclude(doubt_overridden="").exists()


def test_disabling_says_why(deployments: Any, weth: Deployment) -> None:
    deployments("enable", weth.pk)
    _, (row,) = deployments("disable", weth.pk, "--reason", "under attack")
    assert (row["enabled"], row["disabled_reason"]) == (False, "under attack")
    assert not PolicyRule.objects.filter(enabled=True).exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("enable",), "name deployments by their numbers"),
        (("enable", "7", "--network", "devnet-l2"), "name deployments by their numbers"),
        (("enable", "9999999"), "there is no deployment 9999999"),
        (("verify", "--network", "moon"), "there is no network moon; known are devnet-l2"),
        (("list", "--protocol", "moon"), "there is no protocol moon"),
        (("disable", "1"), "--reason"),
        (("enable", "1.5"), "'1.5' is not"),
        ((), "VERB"),
    ],
)
def test_what_is_typed_wrong_is_one_sentence(
    weth: Deployment, arguments: tuple[str, ...], sentence: str
) -> None:
    assert sentence in refused(*arguments)


def test_progress_is_on_standard_error(
    weth: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("deployments", "verify", "--json")
    said = capsys.readouterr()
    assert json.loads(said.out)[0]["verdict"] == "first_seen"
    assert "devnet-l2: 1 contracts, network 1 of 1" in said.err
