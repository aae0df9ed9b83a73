"""The two sides of Scroll's bridge: which L1 belongs to which L2, and the contracts on each."""

from protocols.abi import load_abi
from protocols.actions import Context, PlanError
from protocols.contracts import Contract

# L2 -> L1: Scroll on Ethereum, Scroll Sepolia on Sepolia.
L1_OF = {534352: 1, 534351: 11155111}
L2_OF = {l1: l2 for l2, l1 in L1_OF.items()}

L1_ROUTER, L2_ROUTER = "l1_gateway_router", "l2_gateway_router"
L1_MESSENGER, L2_MESSENGER = "l1_messenger", "l2_messenger"
L1_QUEUE, ROLLUP = "l1_message_queue", "scroll_chain"
# Burns without an allowance; and the only other one whose ways are known here.
L2_STANDARD_GATEWAY, L2_USDC_GATEWAY = "l2_standard_gateway", "l2_usdc_gateway"

_PACKAGE = "protocols.scroll"
L1_ROUTER_ABI = load_abi(_PACKAGE, "l1_gateway_router")
L2_ROUTER_ABI = load_abi(_PACKAGE, "l2_gateway_router")
L1_MESSENGER_ABI = load_abi(_PACKAGE, "l1_messenger")
L2_MESSENGER_ABI = load_abi(_PACKAGE, "l2_messenger")
L1_QUEUE_ABI = load_abi(_PACKAGE, "l1_message_queue")
ROLLUP_ABI = load_abi(_PACKAGE, "scroll_chain")
CONFIG_ABI = load_abi(_PACKAGE, "system_config")
ETH_GATEWAY_ABI = load_abi(_PACKAGE, "l1_eth_gateway")

_ABIS = {
    L1_ROUTER: L1_ROUTER_ABI,
    L2_ROUTER: L2_ROUTER_ABI,
    L1_MESSENGER: L1_MESSENGER_ABI,
    L2_MESSENGER: L2_MESSENGER_ABI,
    L1_QUEUE: L1_QUEUE_ABI,
    ROLLUP: ROLLUP_ABI,
}


def contract(ctx: Context, role: str) -> Contract:
    """The enabled contract in a role; PlanError where there is none."""
    return Contract(ctx, ctx.deployment(role), _ABIS[role])


def l2_side(ctx: Context) -> Context:
    """Scroll, seen from its L1; PlanError from anywhere else, or where it is not enabled here."""
    return ctx.on(_other(ctx, L2_OF, "start a deposit on Ethereum (1) or Sepolia (11155111)"))


def l1_side(ctx: Context) -> Context:
    """The L1, seen from Scroll; PlanError from anywhere else, or where it is not enabled here."""
    return ctx.on(_other(ctx, L1_OF, "start a withdrawal on Scroll (534352 or 534351)"))


def _other(ctx: Context, pairs: dict[int, int], advice: str) -> int:
    try:
        return pairs[ctx.chain_id]
    except KeyError:
        raise PlanError(
            f"chain {ctx.chain_id} is not that side of Scroll's bridge; {advice}"
        ) from None
