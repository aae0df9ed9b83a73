"""The bridge's contracts and what is fixed about them."""

from eth_typing import ChecksumAddress

from protocols.abi import load_abi
from protocols.actions import Context, PlanError
from protocols.contracts import Contract
from wallets.addresses import parse_address

PACKAGE = "protocols.zksync"
BRIDGEHUB, MAILBOX = "bridgehub", "diamond_proxy"
L1_ROUTER, NULLIFIER, L1_VAULT = "l1_asset_router", "l1_nullifier", "l1_native_token_vault"
BASE_TOKEN, L2_ROUTER = "l2_base_token", "l2_asset_router"
L2_VAULT = "l2_native_token_vault"

BRIDGEHUB_ABI = load_abi(PACKAGE, BRIDGEHUB)
MAILBOX_ABI = load_abi(PACKAGE, MAILBOX)
PAUSABLE_ABI, GETTERS_ABI = load_abi(PACKAGE, "pausable"), load_abi(PACKAGE, "getters")
L1_ROUTER_ABI = load_abi(PACKAGE, L1_ROUTER)
NULLIFIER_ABI = load_abi(PACKAGE, NULLIFIER)
VAULT_ABI = load_abi(PACKAGE, "native_token_vault")
BASE_TOKEN_ABI = load_abi(PACKAGE, BASE_TOKEN)
L2_ROUTER_ABI = load_abi(PACKAGE, L2_ROUTER)
MESSENGER_ABI = load_abi(PACKAGE, "l1_messenger")

# Where every network of this kind has its system contracts (zksync-ethers utils).
L1_MESSENGER = parse_address("0x0000000000000000000000000000000000008008")
BOOTLOADER = parse_address("0x0000000000000000000000000000000000008001")
NATIVE_BOOK = parse_address("0x000000000000000000000000000000000000800A")
VAULT_OF_ANY_CHAIN = parse_address("0x0000000000000000000000000000000000010004")
# How contracts of the bridge name ether.
ETHER = parse_address("0x0000000000000000000000000000000000000001")
_ALIAS_OFFSET = 0x1111000000000000000000000000000000001111

# The L1 that each network settles on.
L1_OF = {324: 1, 300: 11_155_111}
L2_OF = {l1: l2 for l2, l1 in L1_OF.items()}


def l2_of(ctx: Context) -> int:
    """The network a deposit from here goes to; PlanError where there is none."""
    if ctx.chain_id not in L2_OF:
        raise PlanError(
            f"a deposit starts on the L1 (chain {' or '.join(map(str, L2_OF))}), "
            f"not on chain {ctx.chain_id}; choose that network for the task"
        )
    return L2_OF[ctx.chain_id]


def l1_of(ctx: Context) -> int:
    """The network a withdrawal from here ends on; PlanError where there is none."""
    if ctx.chain_id not in L1_OF:
        raise PlanError(
            f"a withdrawal starts on zkSync (chain {' or '.join(map(str, L1_OF))}), "
            f"not on chain {ctx.chain_id}; choose that network for the task"
        )
    return L1_OF[ctx.chain_id]


def bridgehub(l1: Context) -> Contract:
    """The hub on L1 that takes deposits and checks proofs."""
    return Contract(l1, l1.deployment(BRIDGEHUB), BRIDGEHUB_ABI)


def nullifier(l1: Context) -> Contract:
    """The contract on L1 that pays out, if it is still the one the bridge itself uses."""
    return Contract(l1, _as_router_says(l1, NULLIFIER, "L1_NULLIFIER"), NULLIFIER_ABI)


def l1_vault(l1: Context) -> Contract:
    """The vault on L1 that holds tokens, if it is still the one the bridge itself uses."""
    return Contract(l1, _as_router_says(l1, L1_VAULT, "nativeTokenVault"), VAULT_ABI)


def _as_router_says(l1: Context, role: str, getter: str) -> ChecksumAddress:
    router = Contract(l1, l1.deployment(L1_ROUTER), L1_ROUTER_ABI)
    registered, used = l1.deployment(role), parse_address(router.read(getter))
    if registered != used:
        raise PlanError(
            f"the bridge on chain {l1.chain_id} uses {used} as {role}, registered is "
            f"{registered}; find out why, then register the new one"
        )
    return registered


def aliased(l1_contract: ChecksumAddress) -> ChecksumAddress:
    """Who a contract of L1 is on L2."""
    return parse_address(f"0x{(int(l1_contract, 16) + _ALIAS_OFFSET) % 2**160:040x}")
