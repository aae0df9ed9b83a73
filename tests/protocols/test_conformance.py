"""Every adapter keeps the rules, and one that does not is told which, and where."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from protocols.actions import Action, Adapter, Call, Context, Permission, Plan, Settlement
from protocols.params import ActionParams, Amount
from protocols.registry import adapters, get_action
from tests.protocols.conformance import CHECKS, Check, plan_twice
from tests.protocols.operators import ETHER, USDC, Operator
from tests.protocols.test_deployments import ADDRESS
from wallets.addresses import ZERO_ADDRESS
from wallets.transactions.arguments import Unchecked


@pytest.mark.parametrize("adapter", adapters().values(), ids=lambda adapter: adapter.slug)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_adapter(adapter: Adapter, check: Check) -> None:
    assert list(check(adapter)) == []


def test_only_what_may_be_any_contract_cannot_say_whether_it_is_paused() -> None:
    assert [slug for slug, one in adapters().items() if one.health is None] == ["calls"]


class Loose(Action):
    slug = "loose"
    title = "Loose"
    permissions = (
        Permission("vault", "steal(uint8)", (Unchecked(path=(0,), reason="of the tests"),)),
    )

    class Params(ActionParams):
        amount: int
        share: float = 1.0
        note: str = ""

    def plan(self, ctx: Context, params: Any) -> Plan:
        return Plan(())

    def settle(self, ctx: Context, params: Any, receipt: Any) -> Settlement:
        return Settlement()


class Lenient(Loose):
    """Takes any number for an amount."""

    slug = "lenient"

    class Params(ActionParams):
        """`amount` in base units."""

        amount: int = Field(json_schema_extra={"format": "amount"})


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What all checks say of an adapter with these actions, and these files in its package."""

    def run(*actions: Action, **written: str) -> str:
        package = tmp_path / f"loose_{abs(hash(tmp_path))}"
        (package / "abi").mkdir(parents=True)
        (package / "__init__.py").touch()
        for name, text in written.items():
            (package / "abi" / f"{name}.json").write_text(text)
        if "toml" in written:
            (package / "abi" / "toml.json").write_text("[]")
            (package / "deployments.toml").write_text(written["toml"])
        monkeypatch.syspath_prepend(tmp_path)
        adapter = Adapter.of("loose", "Loose", actions, package=package.name)
        return "\n".join(text for check in CHECKS for text in check(adapter))

    return run


@pytest.mark.parametrize(
    "sentence",
    [
        "loose: its Params have no docstring",
        "loose: it has no docstring",
        "loose.amount: a whole number without a least value",
        "loose.amount: a whole number without a highest value",
        "loose.share: a number that may be a fraction",
        "loose.note: text without a pattern or a greatest length",
        "loose may call steal(uint8), which no ABI has",
    ],
)
def test_a_loose_action_is_told_what_it_lacks(found: Any, sentence: str) -> None:
    assert sentence in found(Loose())


@pytest.mark.parametrize("bad", ["-1", "0", "true"])
def test_an_action_that_takes_a_bad_amount_is_told(found: Any, bad: str) -> None:
    shown = bad if bad == "true" else f'"{bad}"'
    assert f"lenient: amount = {shown} is accepted" in found(Lenient())


def test_files_that_are_broken_or_of_no_use_are_told(found: Any) -> None:
    event = '[{"type": "event", "name": "Put", "inputs": []}]'
    said = found(Lenient(), broken="[{", surplus=event)
    assert "abi/broken.json cannot be read" in said
    assert "abi/surplus.json is named nowhere" in said


ENTRY = f'[[deployment]]\nchain_id = 1\nrole = "a"\naddress = "{ADDRESS}"\nabi = "toml"\n'


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        (f'{ENTRY}source = "a list"\n', "a on chain 1 has no verified_at date"),
        (f'{ENTRY}source = "a list"\nverified_at = 2999-01-01\n', "has no verified_at date"),
        (f'{ENTRY}source = "a list"\nverified_at = "today"\n', "write a date, like"),
        (f'{ENTRY}source = "a list"\nverified_at = 2026-01-01\n' * 2, "is published 2 times"),
        (f'{ENTRY}source = ""\nverified_at = 2026-01-01\n', "has no source"),
    ],
)
def test_an_address_without_source_or_date_is_told(found: Any, toml: str, sentence: str) -> None:
    assert sentence in found(Lenient(), toml=toml)


class Moody(Loose):
    """Plans another call each time."""

    count = 0

    class Params(ActionParams):
        """`amount` in wei."""

        amount: Amount

    def plan(self, ctx: Context, params: Any) -> Plan:
        Moody.count += 1
        return Plan((Call("one more", ZERO_ADDRESS, value=Moody.count),))


@pytest.mark.django_db
@pytest.mark.db
def test_a_plan_that_changes_by_itself_is_told(alice: Operator) -> None:
    with pytest.raises(AssertionError, match="loose plans differently each time"):
        plan_twice(Moody(), alice.context(), amount=1)


@pytest.mark.django_db
@pytest.mark.db
def test_ours_plan_the_same_twice(alice: Operator, bob: Operator) -> None:
    usdc, weth, context = alice.token("USDC"), alice.token("WETH"), alice.context()
    asked: dict[str, dict[str, Any]] = {
        "transfer": {"to": bob.address, "amount": ETHER},
        "transfer-token": {"token": usdc, "to": bob.address, "amount": USDC},
        "wrap": {"amount": ETHER},
        "swap": {"token_in": usdc, "token_out": weth, "amount": USDC},
    }
    for name, params in asked.items():
        assert plan_twice(get_action("evm", name), context, **params).steps
