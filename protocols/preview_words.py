"""A preview in words, and as plain values."""

from collections.abc import Iterator
from typing import Any

from protocols.models import Deployment
from protocols.previews import CallPreview, MessagePreview, Preview, StepPreview, WaitPreview
from wallets.amounts import show_amount
from wallets.models import Network, Token, Wallet
from wallets.transactions.limits import NATIVE_DECIMALS, amount_text

# Address -> what it is.
Names = dict[str, str]
_UNITS = ((86_400, "days"), (3600, "hours"), (60, "minutes"), (1, "seconds"))


def lines_of(
    preview: Preview, names: Names, *, ending: str = "Nothing was recorded."
) -> Iterator[str]:
    """The whole of it, as a person reads it."""
    where = f"{preview.wallet.label} ({preview.wallet.address}) on {preview.network.slug}"
    yield f"{preview.protocol}/{preview.action.slug} with {where}: {preview.summary}"
    for step in preview.steps:
        yield from _step(step, names)
    if preview.goes_on:
        yield "What follows is planned once these steps are done."
    yield f"Fees: {_fees(preview)}."
    yield from preview.problems
    yield from filter(None, (ending,))


def facts_of(preview: Preview, names: Names) -> dict[str, Any]:
    """The same for programs; amounts as text."""
    return {
        "action": f"{preview.protocol}/{preview.action.slug}",
        "network": preview.network.slug,
        "wallet": preview.wallet.label,
        "summary": preview.summary,
        "steps": [_step_facts(step, names) for step in preview.steps],
        "goes_on": preview.goes_on,
        "allowed": preview.is_allowed,
        "reverts": preview.reverts,
        "problems": list(preview.problems),
    }


def names_of(preview: Preview) -> Names:
    """What the called addresses are: roles, tokens, wallets of ours."""
    wanted = {call.row.to for call in preview.calls}
    wanted |= {call.allowance.spender for call in preview.calls if call.allowance}
    networks = {call.network.pk for call in preview.calls}
    wallets = Wallet.objects.filter(address__in=wanted).values_list("address", "label")
    found = {address: f"our wallet {label}" for address, label in wallets}
    tokens = Token.objects.filter(address__in=wanted, network__in=networks).exclude(address="")
    found |= {
        address: f"the token {name}" for address, name in tokens.values_list("address", "symbol")
    }
    rows = Deployment.objects.filter(address__in=wanted, network__in=networks, enabled=True)
    return found | dict(rows.values_list("address", "role"))


def _step(step: StepPreview, names: Names) -> Iterator[str]:
    match step:
        case WaitPreview():
            yield f"{step.number}. Wait: {step.label}, at most {_time(step.at_most)}"
        case MessagePreview():
            yield f"{step.number}. Signed request, {step.kind}: {step.label}"
        case CallPreview():
            yield f"{step.number}. {step.label}, on {step.network.slug}"
            yield f"   calls {_named(step.row.to, names)}: {step.decoded or 'a plain transfer'}"
            yield from (f"   {text}" for text in _consequences(step, names))


def _consequences(step: CallPreview, names: Names) -> Iterator[str]:
    yield from (f"gives {text}" for text in gives(step))
    if step.allowance:
        yield f"allows {_allowance(step, names)}"
    yield from (f"gets at least {amount} base units" for amount in step.least_out)
    yield f"policy: {step.refusal or 'it may be signed'}"
    fee = step.simulated.fee
    said = "goes through now" if fee is not None else step.simulated.problem
    yield f"chain: {said}" + (f", fee at most {_native(fee, step.network)}" if fee else "")


def gives(step: CallPreview) -> list[str]:
    """What leaves the wallet, as the policy counts it."""
    return [amount_text(step.row, one.token, one.amount) for one in step.spends if one.leaves]


def _allowance(step: CallPreview, names: Names) -> str:
    found = step.allowance
    if found is None:
        return ""
    amount = amount_text(step.row, found.token, found.amount)
    return f"{_named(found.spender, names)} to take {amount}"


def _fees(preview: Preview) -> str:
    """Together and by network; what is not known is said, not left out."""
    totals: dict[Network, list[int | None]] = {}
    for call in preview.calls:
        totals.setdefault(call.network, []).append(call.simulated.fee)
    return "; ".join(_total(network, fees) for network, fees in totals.items()) or "none"


def _total(network: Network, fees: list[int | None]) -> str:
    known = [fee for fee in fees if fee is not None]
    unknown = len(fees) - len(known)
    if not known:
        return f"unknown on {network.slug}"
    rest = f", and unknown for {unknown} of {len(fees)} calls" if unknown else ""
    return f"at most {_native(sum(known), network)} on {network.slug}{rest}"


def _native(amount: int, network: Network) -> str:
    coin = Token.objects.filter(network=network, address="").first()
    return show_amount(amount, NATIVE_DECIMALS, coin.symbol if coin else "of the native coin")


def _named(address: str, names: Names) -> str:
    return f"{names[address]} {address}" if address in names else address


def _time(seconds: int) -> str:
    size, word = next(pair for pair in _UNITS if seconds >= pair[0] or pair[0] == 1)
    number = f"{seconds / size:.1f}".removesuffix(".0")
    return f"{number} {word}"


def _step_facts(step: StepPreview, names: Names) -> dict[str, Any]:
    facts: dict[str, Any] = {"number": step.number, "label": step.label}
    match step:
        case WaitPreview():
            return {**facts, "kind": "wait", "condition": step.condition, "at_most": step.at_most}
        case MessagePreview():
            return {**facts, "kind": "message", "request": step.kind, "payload": dict(step.payload)}
        case CallPreview():
            return {**facts, "kind": "call", **_call_facts(step, names)}


def _call_facts(step: CallPreview, names: Names) -> dict[str, Any]:
    given = step.allowance
    return {
        "network": step.network.slug,
        "to": step.row.to,
        "contract": names.get(step.row.to, ""),
        "call": step.decoded,
        "data": f"0x{bytes(step.row.data).hex()}",
        "value": str(step.row.value),
        "spends": [
            {"token": one.token, "amount": str(one.amount), "leaves": one.leaves}
            for one in step.spends
        ],
        "least_out": [str(amount) for amount in step.least_out],
        "allowance": {
            "token": given.token,
            "spender": given.spender,
            "amount": str(given.amount),
        }
        if given
        else None,
        "policy": step.refusal,
        "simulated": step.simulated.fee is not None,
        "simulation": step.simulated.problem,
        "fee": None if step.simulated.fee is None else str(step.simulated.fee),
    }
