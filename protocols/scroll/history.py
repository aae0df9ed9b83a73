"""Scroll's bridge history server: a hint at which batch has a withdrawal, and its proof."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from protocols.actions import Context, PlanError
from wallets.chain.errors import ChainError

SERVERS = {
    534352: "https://mainnet-api-bridge-v2.scroll.io",
    534351: "https://sepolia-api-bridge-v2.scroll.io",
}
PAGE, MOST_PAGES = 100, 20
# Nothing that is proven has so many siblings: the tree is 40 high.
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class ProofHint:
    """What the server says; it proves nothing by itself."""

    batch_index: int
    proof: bytes


def ask_for_proof(l2: Context, message: bytes) -> ProofHint | None:
    """The server's hint for a message; None while it has none, ChainError without sense."""
    try:
        for row in _unclaimed(l2):
            if row["message_hash"].lower() == f"0x{message.hex()}":
                return _read(row["claim_info"])
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise ChainError(f"the bridge history server answered otherwise: {error!r}"[:200]) from None
    return None


def _unclaimed(l2: Context) -> Iterator[Any]:
    base = (settings.SCROLL_BRIDGE_API or _public(l2.chain_id)).rstrip("/")
    for page in range(1, MOST_PAGES + 1):
        query = f"address={l2.wallet}&page={page}&page_size={PAGE}"
        answer = l2.web.get_json(f"{base}/api/l2/unclaimed/withdrawals?{query}")
        rows = answer["data"]["results"] or ()
        yield from rows
        if len(rows) < PAGE:
            return


def _public(chain_id: int) -> str:
    try:
        return SERVERS[chain_id]
    except KeyError:
        raise PlanError(
            f"no bridge history server is known for chain {chain_id}; "
            "name one in AIRDROPS_SCROLL_BRIDGE_API"
        ) from None


def _read(claim: Any) -> ProofHint | None:
    if not claim or not claim.get("claimable", True):
        return None
    proof = bytes.fromhex(claim["proof"]["merkle_proof"].removeprefix("0x"))
    if len(proof) > 32 * _DEEPEST:
        return None
    return ProofHint(int(claim["proof"]["batch_index"]), proof)
