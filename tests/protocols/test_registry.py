"""Every adapter keeps the interface, and a package that does not is told what is missing."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from protocols.abi import abi_names, load_abi
from protocols.actions import ERC20, Action, Adapter
from protocols.checks import check_adapters
from protocols.params import ActionParams
from protocols.registry import (
    RegistrationError,
    UnknownAction,
    adapters,
    complaints,
    get_action,
    get_adapter,
)
from wallets.models import PolicyRule

Install = Callable[[str], None]
ADAPTER = """
from protocols.actions import Action, Adapter, Plan, Settlement
from protocols.params import ActionParams

class Wave(Action):
    slug = "wave"
    title = "Wave"
    Params = ActionParams
    def plan(self, ctx, params):
        return Plan(())
    def settle(self, ctx, params, receipt):
        return Settlement()

ADAPTER = Adapter.of("{slug}", "Greetings", [Wave()], package=__name__)
"""

ANYTHING = 'Unchecked(path=(0,), reason="of the tests")'
OTHER = ANYTHING.replace("tests", "others")


def permitting(*permissions: str) -> str:
    """The package, with permissions from these arguments."""
    listed = "".join(f"Permission{one}, " for one in permissions)
    imports = "from protocols.actions import Permission\n"
    imports += "from wallets.transactions.arguments import Sender, Unchecked\n"
    title = '    title = "Wave"\n'
    return imports + ADAPTER.replace(title, f"{title}    permissions = ({listed})\n")


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a package with an entry point where installed packages are found."""

    def put(code: str, names: str = "greetings_adapter:ADAPTER") -> None:
        (tmp_path / "greetings_adapter.py").write_text(code)
        metadata = tmp_path / "greetings-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: greetings\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[airdrops.protocols]\ngreetings = {names}\n")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(__import__("sys").modules, "greetings_adapter", raising=False)
        adapters.cache_clear()

    yield put
    monkeypatch.undo()
    adapters.cache_clear()


def every_action() -> list[tuple[Adapter, Action]]:
    """All actions there are."""
    return [(adapter, one) for adapter in adapters().values() for one in adapter.actions.values()]


@pytest.mark.parametrize(
    ("adapter", "action"),
    [pytest.param(*pair, id=f"{pair[0].slug}.{pair[1].slug}") for pair in every_action()],
)
def test_every_action_keeps_the_interface(adapter: Adapter, action: Action) -> None:
    assert list(complaints(adapter)) == []
    assert issubclass(action.Params, ActionParams)
    assert action.Params.model_json_schema()["additionalProperties"] is False
    known = {
        function.signature
        for package in (adapter.package, "protocols.evm")
        for name in abi_names(package)
        for function in load_abi(package, name).functions.values()
    }
    signatures = {permission.signature for permission in action.permissions}
    assert signatures <= {*known, *PolicyRule.MARKS}


def test_a_role_of_a_family_has_its_permissions() -> None:
    claims = get_adapter("claims")
    assert claims.permissions("merkle_distributor-uni") == claims.permissions("merkle_distributor")
    assert claims.permissions("merkle_distributor") != ()
    assert claims.permissions("merkle_distributors") == ()
    assert {one.signature for one in get_adapter("evm").permissions(ERC20)} == {
        "transfer(address,uint256)",
        "approve(address,uint256)",
    }


def test_what_does_not_exist_is_told_with_what_does() -> None:
    with pytest.raises(UnknownAction, match="no protocol evn; there are aave, calls, claims, evm"):
        get_action("evn", "swap")
    with pytest.raises(
        UnknownAction, match="evm has no action fly; it has add-liquidity, approve, "
    ):
        get_action("evm", "fly")


def test_an_installed_package_brings_its_protocol(install: Install) -> None:
    install(ADAPTER.format(slug="greetings"))
    assert get_action("greetings", "wave").title == "Wave"
    assert check_adapters() == []


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("", "cannot be loaded .*ADAPTER.*like `my_package.adapter:ADAPTER`"),
        ("import nothing_of_that_name", "cannot be loaded .*nothing_of_that_name"),
        ("ADAPTER = 7", "names int, not an Adapter; make one with Adapter.of"),
        (ADAPTER.format(slug="evm"), "brings the protocol evm, which exists already"),
        (ADAPTER.format(slug="No Slug"), "slug 'No Slug' is not lower-case words"),
        (ADAPTER.replace('"wave"', '"filler"'), "action filler has the slug of something the"),
        (ADAPTER.replace("[Wave()]", "[]"), "has no actions"),
        (ADAPTER.replace("[Wave()]", "[Wave]"), "wave is not an instance"),
        (ADAPTER.replace('    title = "Wave"\n', ""), "wave has no title; an action has slug"),
        (ADAPTER.replace("Params = ActionParams", "Params = dict"), "derived from .*ActionParams"),
        (ADAPTER.replace("    def settle", "    def settled"), "abstract method '?settle"),
        (
            ADAPTER.replace('    title = "Wave"', '    title = "Wave"\n    permissions = ["a()"]'),
            r"write Permission\(role, 'name\(type,…\)', \(checks,\)\)",
        ),
        (
            permitting('("erc20", "give(address,bytes)", (Sender(path=(0,)),))'),
            r"leaves give\(address,bytes\) open: argument 1 has no check; give it a check",
        ),
        (
            permitting(f'("erc20", "run(bytes)", ({ANYTHING},))'),
            r"argument 0 may be another call and is unchecked",
        ),
        (
            permitting('("erc20", "give(uint256)", (Sender(path=(0,)),))'),
            r"leaves give\(uint256\) open: sender does not fit 0",
        ),
        (
            permitting(*(f'("erc20", "a(int8)", ({one},))' for one in (ANYTHING, OTHER))),
            r"its actions demand different arguments of a\(int8\) in erc20",
        ),
    ],
)
def test_a_package_that_registers_wrongly_is_told_what_to_do(
    install: Install, code: str, told: str
) -> None:
    install(code.replace("{slug}", "greetings"))
    with pytest.raises(RegistrationError, match=told) as refusal:
        adapters()
    assert "the entry point greetings in airdrops.protocols of the package greetings" in str(
        refusal.value
    )
    assert [message.id for message in check_adapters()] == ["protocols.E001"]
