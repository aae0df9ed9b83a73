"""What was deployed on the devnet, kept in a file so that a second start finds it again."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from airdrops_site.devnet.errors import DevnetError
from airdrops_site.devnet.rpc import RESET_HINT


@dataclass(frozen=True, slots=True)
class DeployedContract:
    """A contract's EIP-55 address, the keccak256 of its code there, and where the code is from."""

    address: str
    code_hash: str
    source: str


@dataclass(frozen=True, slots=True)
class DeployedToken:
    """An ERC-20 token of the devnet."""

    symbol: str
    name: str
    decimals: int
    contract: DeployedContract


@dataclass(frozen=True, slots=True)
class DeployedPair:
    """A Uniswap V2 pool between WETH and a token, with liquidity in it."""

    symbols: tuple[str, str]
    contract: DeployedContract


@dataclass(frozen=True, slots=True)
class DeployedNetwork:
    """One chain of the devnet and what stands on it."""

    name: str
    chain_id: int
    treasury: str  # unlocked in anvil; holds the rest of every token
    block_number: int  # with its hash: by these a chain is known again
    block_hash: str
    multicall3: DeployedContract
    factory: DeployedContract
    router: DeployedContract
    weth: DeployedToken
    tokens: tuple[DeployedToken, ...]  # without WETH
    pairs: tuple[DeployedPair, ...]

    def token(self, symbol: str) -> DeployedToken:
        """Return the token of that symbol, WETH included."""
        return {token.symbol: token for token in (self.weth, *self.tokens)}[symbol]


@dataclass(frozen=True, slots=True)
class DevnetClaim:
    """What one account may claim from the distributor, with its Merkle proof."""

    index: int
    account: str
    amount: int
    proof: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeployedAirdrop:
    """A MerkleDistributor holding the sum of all claims."""

    chain_id: int
    token: DeployedToken
    distributor: DeployedContract
    merkle_root: str
    claims: tuple[DevnetClaim, ...]

    def claim_of(self, account: str) -> DevnetClaim:
        """Return the account's claim."""
        return {claim.account: claim for claim in self.claims}[account]


@dataclass(frozen=True, slots=True)
class Manifest:
    """The whole devnet: both networks, the airdrop on one of them, and the funded wallets."""

    l1: DeployedNetwork
    l2: DeployedNetwork
    airdrop: DeployedAirdrop
    wallets: tuple[str, ...]

    @property
    def networks(self) -> tuple[DeployedNetwork, DeployedNetwork]:
        return (self.l1, self.l2)

    def save(self, path: Path) -> None:
        """Write it whole or not at all."""
        draft = path.with_suffix(".tmp")
        draft.write_bytes(_ADAPTER.dump_json(self, indent=2))
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Manifest":
        """Read it back; a missing or unreadable file is a DevnetError."""
        try:
            return _ADAPTER.validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise DevnetError(
                f"The devnet's manifest {path} cannot be read ({type(error).__name__});"
                f" {RESET_HINT}."
            ) from error


_ADAPTER = TypeAdapter(Manifest)
