"""How the bridge names tokens and writes down transfers of them."""

from dataclasses import dataclass

from eth_typing import ChecksumAddress
from eth_utils.crypto import keccak

from protocols.contracts import Contract
from protocols.zksync.contracts import L2_ROUTER_ABI, VAULT_OF_ANY_CHAIN
from wallets.chain.codec import CODEC, decode_exactly
from wallets.transactions.arguments import Amount, Encoded, RegisteredToken, Sender, Unchecked

BURN_TYPES = ("uint256", "address", "address")
_MINT_TYPES = ("address", "address", "address", "uint256", "bytes")
_ASSET = ("uint256", "address", "address")
# 0x01 of AssetRouter's encodings, what zksync-ethers sends since v26. The older one begins with
# the token's own address: the router registers tokens of L1 for it, and knows no others.
NEW_ENCODING = b"\x01"
ASSET_WHY = "the vault demands that it is the asset of the token named beside it"


def burn_checks(path: tuple[int, ...]) -> Encoded:
    """The bytes that take a token from the sender, to be its own on the other side."""
    inside = (Amount(path=(0,), token=(2,)), Sender(path=(1,)), RegisteredToken(path=(2,)))
    return Encoded(path=path, types=BURN_TYPES, checks=inside)


def deposit_checks(path: tuple[int, ...]) -> Encoded:
    """The bytes a deposit hands to the router."""
    inside = (Unchecked(path=(0,), reason=ASSET_WHY), burn_checks((1,)))
    types = ("bytes32", "bytes")
    return Encoded(path=path, types=types, prefix=NEW_ENCODING.hex(), checks=inside)


@dataclass(frozen=True, slots=True)
class Asset:
    """A token as the bridge knows it: its id on all chains, and the chain it is native to."""

    token: ChecksumAddress
    id: bytes
    origin: int


def asset_of(vault: Contract, token: ChecksumAddress) -> Asset:
    """The token's asset; one that was never bridged will be native to its chain."""
    known: bytes = vault.read("assetId", token)
    if known == bytes(32):
        chain_id = vault.ctx.chain_id
        return Asset(token, native_asset_id(chain_id, token), chain_id)
    return Asset(token, known, vault.read("originChainId", known))


def native_asset_id(chain_id: int, token: ChecksumAddress) -> bytes:
    """The id the vault of a chain gives to a token that is native there."""
    return keccak(CODEC.encode(_ASSET, (chain_id, VAULT_OF_ANY_CHAIN, token)))


def burn_data(amount: int, wallet: ChecksumAddress, token: ChecksumAddress) -> bytes:
    """What is taken from the wallet here, for the wallet itself there."""
    return CODEC.encode(BURN_TYPES, (amount, wallet, token))


def second_bridge_data(asset: Asset, amount: int, wallet: ChecksumAddress) -> bytes:
    """What a deposit hands to the router."""
    burned = burn_data(amount, wallet, asset.token)
    return NEW_ENCODING + CODEC.encode(("bytes32", "bytes"), (asset.id, burned))


def mint_call(vault: Contract, asset: Asset, amount: int) -> bytes:
    """What the router will have the L2 do for a deposit; its gas is estimated with this."""
    wallet = vault.ctx.wallet
    described = vault.read("getERC20Getters", asset.token, asset.origin)
    minted = CODEC.encode(_MINT_TYPES, (wallet, wallet, asset.token, amount, described))
    return L2_ROUTER_ABI.function("finalizeDeposit").encode(vault.ctx.chain_id, asset.id, minted)


@dataclass(frozen=True, slots=True)
class Minted:
    """What a transfer gives out at its end."""

    receiver: ChecksumAddress
    amount: int


def read_mint_data(data: bytes) -> Minted | None:
    """From the router's own encoding; None for any other bytes."""
    values = decode_exactly(_MINT_TYPES, data)
    return None if values is None else Minted(values[1], values[3])
