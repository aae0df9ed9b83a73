"""Expressions in parameters: checked when they are written, worked out when a run is planned."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_typing import ChecksumAddress
from pydantic import BaseModel

from protocols.abi import load_abi
from protocols.actions import ChainReader, PlanError
from protocols.codec import AbiError
from protocols.descriptions import schemas_of
from protocols.params import NATIVE, BadParameters, read_params, shown, wrong_params
from scheduling.expressions.parsing import COIN, BadExpression, Expression, parse_expression
from scheduling.models import Run
from wallets.addresses import AddressError, parse_address
from wallets.amounts import show_amount
from wallets.models import Network, Token

_ABI = load_abi("protocols.evm", "erc20")
_AMOUNT_FORMATS = ("amount", "amount-or-zero")
_ALL_OR_AMOUNT = "^(all|[0-9]{1,78})$"
_COIN_DECIMALS = 18
# What is no share is left to the action, which says what is wrong with it.
_SHARE = re.compile(r"%|\s")
_TOKEN_FIELDS = ("token", "token_in", "asset")
# Of what a vault takes only the chain knows the token.
_VAULT = "vault"
# A check has no balance: parameters are judged with one amount or the other in the place.
_STAND_INS = ("1", str(10**18), str(10**8))


@dataclass(frozen=True, slots=True)
class Found:
    """An expression, and the token it is about; an empty address is the coin."""

    expression: Expression
    address: str
    decimals: int
    symbol: str


def check_params(
    model: type[BaseModel], values: Mapping[str, Any], network: Network
) -> Mapping[str, Any]:
    """The values with stand-ins for their expressions, if the action takes them; BadParameters."""
    written = _written(model, values)
    for name, text in written.items():
        _find(name, text, model, values, network)
    for stand_in in _STAND_INS:
        plain = {**values, **dict.fromkeys(written, stand_in)}
        try:
            read_params(model, plain)
        except BadParameters as error:
            wrong = error
            continue
        return plain
    raise wrong


def wrong_values(
    model: type[BaseModel], values: Mapping[str, Any], network: Network
) -> dict[str, str]:
    """What is wrong with each of these values, by its name; nothing is said of missing ones."""
    wrong: dict[str, str] = {}
    written = _written(model, values)
    for name, text in written.items():
        try:
            _find(name, text, model, values, network)
        except BadParameters as error:
            wrong[name] = str(error)
    plain = {**values, **dict.fromkeys(written, _STAND_INS[0])}
    return {**wrong_params(model, plain), **wrong}


def work_out(
    model: type[BaseModel],
    values: Mapping[str, Any],
    *,
    network: Network,
    wallet: ChecksumAddress,
    chain: ChainReader,
) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """The values with an amount for each expression, and what it was taken of. Asks the chain.

    PlanError where it comes to nothing.
    """
    plain, readings = dict(values), {}
    for name, text in _written(model, values).items():
        found = _find(name, text, model, values, network)
        balance = _balance(found, wallet, chain)
        amount = found.expression.amount_of(balance, found.decimals)
        if not amount:
            has = show_amount(balance, found.decimals, found.symbol)
            raise PlanError(f"{name}: {shown(text)} comes to nothing: the wallet has {has}")
        plain[name] = str(amount)
        readings[name] = {"expression": text, "balance": str(balance), "amount": str(amount)}
    return plain, readings


def as_written(run: Run) -> dict[str, Any]:
    """The run's parameters with its expressions in the place of what they came to."""
    expressions = {name: one["expression"] for name, one in run.readings.items()}
    return {**run.params, **expressions}


def _written(model: type[BaseModel], values: Mapping[str, Any]) -> dict[str, str]:
    """The amounts that are said as a share, by their names."""
    texts = {name: text for name, text in values.items() if isinstance(text, str)}
    said = {name: text for name, text in texts.items() if _SHARE.search(text)}
    if not said:
        return {}
    schemas = schemas_of(model)
    return {name: text for name, text in said.items() if _is_amount(schemas.get(name, {}))}


def _is_amount(schema: Mapping[str, Any]) -> bool:
    parts = (schema, *schema.get("anyOf", ()))
    return any(
        one.get("format") in _AMOUNT_FORMATS or one.get("pattern") == _ALL_OR_AMOUNT
        for one in parts
    )


def _find(
    name: str, text: str, model: type[BaseModel], values: Mapping[str, Any], network: Network
) -> Found:
    try:
        found = _token(parse_expression(text), network)
        found.expression.require_decimals(found.decimals)
        _require_same_token(found, name, model, values)
    except BadExpression as error:
        raise BadParameters(f"the parameter {name} is {shown(text)}: {error}") from error
    return found


def _token(expression: Expression, network: Network) -> Found:
    tokens = Token.objects.filter(network=network, enabled=True)
    if expression.token == COIN:
        coin = tokens.filter(address="").first()
        decimals = coin.decimals if coin else _COIN_DECIMALS
        return Found(expression, "", decimals, coin.symbol if coin else "")
    named = list(tokens.filter(**_named(expression.token))[:2])
    if len(named) != 1:
        known = "is no enabled token" if not named else "is the symbol of several tokens"
        raise BadExpression(
            f"{expression.token} {known} on {network.slug}; add it, or write its address"
        )
    (token,) = named
    return Found(expression, token.address, token.decimals, token.symbol)


def _named(token: str) -> dict[str, str]:
    try:
        return {"address": parse_address(token)}
    except AddressError:
        return {"symbol": token}


def _require_same_token(
    found: Found, name: str, model: type[BaseModel], values: Mapping[str, Any]
) -> None:
    """An amount is in base units of what the action moves: of another token it is another sum."""
    said, field = found.expression.token, _field_of_token(name, model)
    if field is not None:
        moved = values.get(field)
        if moved and str(moved).lower() != (found.address or NATIVE).lower():
            raise BadExpression(f"{said} is not the {field} of this action")
    elif (_VAULT in model.model_fields) != bool(found.address):
        moved = "a token" if not found.address else f"the network's coin, called {COIN}"
        raise BadExpression(f"{said} is not what this action moves; that is {moved}")


def _field_of_token(name: str, model: type[BaseModel]) -> str | None:
    """The parameter that says of what this one is an amount, by the names that adapters use."""
    beside = name.replace("amount", "token")
    names = (beside, *_TOKEN_FIELDS) if beside != name else _TOKEN_FIELDS
    return next((one for one in names if one in model.model_fields), None)


def _balance(found: Found, wallet: ChecksumAddress, chain: ChainReader) -> int:
    if not found.address:
        return chain.balance(wallet)
    function = _ABI.function("balanceOf")
    answer = chain.call(parse_address(found.address), function.encode(wallet), sender=wallet)
    try:
        (balance,) = function.decode_result(answer)
    except AbiError as error:
        raise PlanError(f"{found.symbol} does not say what the wallet has: {error}") from error
    return int(balance)
