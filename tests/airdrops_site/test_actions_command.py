"""`manage.py actions` says what an action takes and would do, and does nothing."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from protocols.models import Deployment, Protocol
from scheduling.models import Run
from tests.protocols.operators import ETHER, USDC, Operator
from wallets.models import Limit, NonceLane, PolicyRule, RpcEndpoint, Transaction, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]
ALWAYS_REVERTS = "0x60006000fd"


def actions(*arguments: object) -> tuple[int, Any]:
    """The exit code, and what the command prints, read as JSON."""
    said, code = StringIO(), 0
    try:
        call_command("actions", "--json", *[str(word) for word in arguments], stdout=said)
    except SystemExit as ended:
        code = int(str(ended.code))
    return code, json.loads(said.getvalue())


def refused(*arguments: object) -> str:
    """The one sentence of a refusal."""
    with pytest.raises(CommandError) as refusal:
        call_command("actions", *[str(word) for word in arguments], stdout=StringIO())
    assert refusal.value.returncode == 2
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def asking(action: str, **params: object) -> list[str]:
    """The words of a preview with alice's wallet."""
    typed = [word for name, value in params.items() for word in ("--param", f"{name}={value}")]
    return ["preview", f"evm/{action}", "--network", "devnet-l2", "--wallet", "alice", *typed]


def test_the_list_says_where_an_action_is_ready(alice: Operator) -> None:
    _, lines = actions("list")
    by_name = {line["action"]: line for line in lines}
    assert by_name["evm/swap"]["networks"] == ["devnet-l2"]
    Deployment.objects.filter(role="uniswap_v2_router").update(enabled=False)
    by_name = {line["action"]: line for line in actions("list")[1]}
    assert by_name["evm/swap"]["networks"] == []
    assert by_name["evm/transfer"]["networks"] == ["devnet-l2"]


def test_the_list_asks_the_database_twice_for_each_protocol(
    alice: Operator, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(3 * Protocol.objects.count() + 1):
        actions("list")


def test_an_action_is_shown_from_its_own_model(alice: Operator) -> None:
    _, shown = actions("show", "evm/swap")
    by_name = {one["name"]: one for one in shown["parameters"]}
    assert by_name["amount"]["unit"] == "base units"
    assert by_name["amount"]["required"]
    assert by_name["token_in"]["kind"] == "native, or the address of a token"
    assert by_name["amount"]["meaning"] == "of token_in in base units"
    assert by_name["token_in"]["meaning"] == ""
    assert by_name["slippage_bps"]["unit"] == "hundredths of a percent"
    assert by_name["slippage_bps"]["bounds"] == "at least 0, at most 5000"
    # What is narrowed by the action, not what its type allows.
    assert by_name["deadline_seconds"]["bounds"] == "at least 60, at most 3600"
    assert {"role": "erc20", "function": "approve(address,uint256)", "payable": False} in (
        shown["calls"]
    )
    assert shown["networks"] == [
        {"network": "devnet-l2", "enabled": ["uniswap_v2_router"], "missing": []}
    ]


def test_bounds_behind_a_validator_are_shown() -> None:
    _, shown = actions("show", "scroll/deposit")
    by_name = {one["name"]: one for one in shown["parameters"]}
    assert by_name["gas_limit"]["bounds"].startswith("at least 0, at most ")


def test_choices_and_meanings_are_shown() -> None:
    _, shown = actions("show", "evm/sweep")
    by_name = {one["name"]: one for one in shown["parameters"]}
    assert by_name["urgency"]["choices"] == ["slow", "normal", "fast"]
    assert by_name["urgency"]["default"] == "normal"
    assert by_name["keep"]["meaning"] == "what a limit wants to remain"


def test_a_swap_is_told_step_by_step(alice: Operator) -> None:
    usdc, weth = alice.token("USDC"), alice.token("WETH")
    code, told = actions(*asking("swap", token_in=usdc, token_out=weth, amount=50 * USDC))
    approve, swap = told["steps"]
    router = Deployment.objects.get(role="uniswap_v2_router").address
    assert (code, told["allowed"], approve["contract"]) == (0, True, "the token USDC")
    assert approve["allowance"] == {"token": usdc, "spender": router, "amount": str(50 * USDC)}
    assert approve["simulated"]
    assert int(approve["fee"]) > 0
    assert swap["contract"] == "uniswap_v2_router"
    assert swap["call"].startswith("swapExactTokensForTokens(amountIn=50000000, ")
    assert swap["spends"] == [{"token": usdc, "amount": str(50 * USDC), "leaves": True}]
    assert int(swap["least_out"][0]) > 0
    assert swap["simulation"] == "can be simulated once step 1 is done"
    assert swap["fee"] is None


def test_nothing_is_recorded(alice: Operator) -> None:
    usdc, weth = alice.token("USDC"), alice.token("WETH")
    actions(*asking("swap", token_in=usdc, token_out=weth, amount=USDC))
    assert not Transaction.objects.exists()
    assert not Run.objects.exists()
    assert not NonceLane.objects.exists()


def test_a_person_reads_words(alice: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    usdc, weth = alice.token("USDC"), alice.token("WETH")
    call_command("actions", *asking("swap", token_in=usdc, token_out=weth, amount=50 * USDC))
    said = " ".join(capsys.readouterr().out.split())
    assert "gives 50 USDC" in said
    assert "allows uniswap_v2_router 0x" in said
    assert "policy: it may be signed" in said
    assert "and unknown for 1 of 2 calls" in said
    assert "Nothing was recorded." in said


def test_a_step_above_a_limit_is_in_the_exit_code(alice: Operator) -> None:
    Limit.objects.create(kind="max_value", scope_kind="everything", amount=ETHER // 2)
    code, told = actions(*asking("wrap", amount=ETHER))
    assert (code, told["allowed"]) == (1, False)
    assert "is above the limit of 0.5" in told["steps"][0]["policy"]


def test_what_policy_has_no_rule_for_is_in_the_exit_code(alice: Operator) -> None:
    PolicyRule.objects.filter(signature="deposit()").update(
        enabled=False, disabled_reason="under attack"
    )
    code, told = actions(*asking("wrap", amount=ETHER))
    assert code == 1
    assert "under attack" in told["steps"][0]["policy"]


def test_a_protocol_that_is_off_is_in_the_exit_code(alice: Operator) -> None:
    Protocol.objects.filter(slug="evm").update(enabled=False)
    code, told = actions(*asking("wrap", amount=ETHER))
    assert (code, told["steps"][0]["policy"]) == (1, "Generic EVM is disabled; enable it first")


def test_what_would_revert_is_in_the_exit_code(alice: Operator) -> None:
    alice.rpc.call("anvil_setCode", alice.token("WETH"), ALWAYS_REVERTS)
    code, told = actions(*asking("wrap", amount=ETHER))
    (step,) = told["steps"]
    assert (code, told["reverts"], step["simulated"], step["fee"]) == (1, True, False, None)
    assert step["simulation"].startswith("it would revert")


def test_a_market_above_the_ceiling_would_hold_it(alice: Operator) -> None:
    Limit.objects.create(kind="max_fee_per_gas", scope_kind="everything", amount=1)
    _, told = actions(*asking("wrap", amount=ETHER))
    (step,) = told["steps"]
    assert (step["fee"], told["reverts"]) == (None, False)
    assert step["simulation"].startswith("it would be held: the market asks")


def test_an_unverified_wallet_is_told(alice: Operator) -> None:
    Wallet.objects.update(status="unverified")
    _, told = actions(*asking("wrap", amount=ETHER))
    assert told["problems"] == ["alice is unverified: it signs nothing until it is verified"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["show", "swap"], "write PROTOCOL/ACTION, like evm/transfer"),
        (["show", "moon/swap"], "there is no protocol moon"),
        (["show", "evm/fly"], "evm has no action fly; it has"),
        (asking("wrap"), "the parameter amount is missing"),
        (asking("wrap", amount="1.5"), "the parameter amount is '1.5': write a whole number"),
        (asking("wrap", amount=1, more=2), "there is no parameter more; this action takes amount"),
        (asking("wrap", amount="[1"), "the parameter amount is no JSON"),
        (asking("wrap", amount=11 * ETHER), "evm/wrap: "),
        ([*asking("wrap", amount=1), "--param", "amount=2"], "amount is given twice"),
        ([*asking("wrap"), "--param", "amount"], "--param 1 is not name=value"),
        (["preview", "evm/wrap"], "--network"),
        (["preview", "evm/wrap", "--network", "x", "--wallet", "alice"], "no network x"),
        (["preview", "evm/wrap", "--network", "devnet-l2", "--wallet", "x"], "no wallet x"),
    ],
)
def test_what_is_typed_wrong_is_one_sentence(
    alice: Operator, words: list[str], sentence: str
) -> None:
    assert sentence in refused(*words)


def test_a_key_in_the_wrong_place_is_not_repeated(alice: Operator) -> None:
    key = "ab" * 32
    assert key not in refused(*asking("wrap"), "--param", key)
    assert key not in refused(*asking("wrap", amount=key))


def test_a_network_that_does_not_answer_is_one_sentence(alice: Operator) -> None:
    RpcEndpoint.objects.update(enabled=False)
    assert "cannot be planned now" in refused(*asking("wrap", amount=1))


def test_a_list_is_written_as_json(alice: Operator) -> None:
    words = ["preview", "claims/merkle-claim", "--network", "devnet-l2", "--wallet", "alice"]
    proof = ["--param", "index=0", "--param", "amount=5", "--param", f'proof=["0x{"11" * 32}"]']
    assert "the proof does not lead to the root" in refused(*words, *proof)
