"""Which addresses are contracts, asked once for each."""

from collections.abc import Iterable
from itertools import batched

from wallets.chain.client import NetworkClient, hex_bytes
from wallets.chain.errors import ChainError
from wallets.chain.rpc import Request

CODES_AT_ONCE = 50
MOST_KEPT = 100_000
# An account that hands its calls to code (EIP-7702) is still somebody's account.
DELEGATED = bytes.fromhex("ef0100")
_known: dict[tuple[int, str], bool] = {}


def contracts_among(client: NetworkClient, addresses: Iterable[str]) -> dict[str, bool]:
    """Whether code stands at each of the addresses now."""
    network = client.network.pk
    wanted = {one for one in addresses if one}
    unknown = sorted(one for one in wanted if (network, one) not in _known)
    if len(_known) > MOST_KEPT:
        _known.clear()
        unknown = sorted(wanted)
    for some in batched(unknown, CODES_AT_ONCE):
        requests: list[Request] = [("eth_getCode", [one, "latest"]) for one in some]
        for address, answer in zip(some, client.read_many(requests), strict=True):
            if isinstance(answer, ChainError):
                raise answer
            code = hex_bytes(answer)
            _known[network, address] = bool(code) and not code.startswith(DELEGATED)
    return {one: _known[network, one] for one in wanted}
