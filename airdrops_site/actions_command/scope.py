"""Which action, network, wallet and parameters are meant by what was typed."""

import json
from collections.abc import Sequence
from typing import Any

from airdrops_site.answers import BadInput
from airdrops_site.tx.known import require_network, require_wallet
from protocols.actions import Action
from protocols.registry import UnknownAction, get_action
from wallets.models import Network, Wallet


def action_of(text: str) -> tuple[str, Action]:
    """The protocol's slug and the action of PROTOCOL/ACTION."""
    protocol, slash, name = text.partition("/")
    if not slash:
        raise BadInput(f"{text} names no action; write PROTOCOL/ACTION, like evm/transfer")
    try:
        return protocol, get_action(protocol, name)
    except UnknownAction as error:
        raise BadInput(str(error)) from error


def network_of(slug: str) -> Network:
    """The enabled network of the slug."""
    require_network(slug)
    row = Network.objects.get(slug=slug)
    if not row.enabled:
        raise BadInput(f"{slug} is disabled; enable it first")
    return row


def wallet_of(label: str) -> Wallet:
    """The wallet of the label."""
    require_wallet(label)
    return Wallet.objects.get(label=label)


def params_of(typed: Sequence[str]) -> dict[str, Any]:
    """Parameters from name=value; a list or an object is written as JSON."""
    found: dict[str, Any] = {}
    for place, one in enumerate(typed, 1):
        name, equals, value = one.partition("=")
        if not equals or not name.isidentifier():
            # What was typed is not repeated: it may be a key in the wrong place.
            raise BadInput(f"--param {place} is not name=value; write it like amount=1000")
        if name in found:
            raise BadInput(f"the parameter {name} is given twice; give it once")
        found[name] = _value(name, value)
    return found


def _value(name: str, text: str) -> Any:
    if not text.startswith(("[", "{")):
        return text
    try:
        return json.loads(text, parse_float=str)
    except (ValueError, RecursionError):
        raise BadInput(f"the parameter {name} is no JSON; quote the whole of it") from None
