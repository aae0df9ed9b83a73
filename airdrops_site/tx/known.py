"""What was typed, held against what there is: a name that nothing has finds nothing for ever."""

import argparse
from collections.abc import Iterable

from airdrops_site.answers import BadInput
from protocols.models import Protocol
from wallets.models import Network, NonceLane, Wallet
from wallets.transactions.adoption import PROTOCOL

_MOST_NAMED = 20
_HIGHEST_ID = 2**63 - 1


def require_wallet(label: str) -> None:
    """BadInput unless a wallet has the label; empty is none asked for."""
    _require("wallet", label, Wallet.objects.order_by("label").values_list("label", flat=True))


def require_network(slug: str) -> None:
    """BadInput unless a network has the slug."""
    _require("network", slug, Network.objects.order_by("slug").values_list("slug", flat=True))


def require_protocol(slug: str) -> None:
    """BadInput unless a protocol has the slug; fillers and adopted ones have floor 1's own."""
    slugs = Protocol.objects.order_by("slug").values_list("slug", flat=True)
    _require("protocol", slug, [*slugs, PROTOCOL])


def require_lane(wallet: str, network: str) -> NonceLane:
    """The lane of the wallet on the network, or BadInput."""
    require_wallet(wallet)
    require_network(network)
    rows = NonceLane.objects.select_related("wallet", "network")
    row = rows.filter(wallet__label=wallet, network__slug=network).first()
    if row is None:
        raise BadInput(f"{wallet} has never acted on {network}")
    return row


def a_number(text: str) -> int:
    """The number of a transaction."""
    return _whole(text, least=0, most=_HIGHEST_ID, what="the number of a transaction")


def a_limit(text: str) -> int:
    """How many rows to show."""
    return _whole(text, least=1, most=10_000, what="a number of rows, 1 to 10000")


def a_reason(text: str) -> str:
    """Words for the history."""
    if not text.strip():
        raise argparse.ArgumentTypeError("say why, in a few words")
    return text.strip()


def _whole(text: str, *, least: int, most: int, what: str) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
    return int(text)


def _require(kind: str, name: str, known: Iterable[str]) -> None:
    names = list(known)
    if not name or name in names:
        return
    shown = ", ".join(names[:_MOST_NAMED]) or "none"
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    raise BadInput(f"there is no {kind} {name}; known are {shown}{more}")
