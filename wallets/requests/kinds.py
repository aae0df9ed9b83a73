"""What may be signed beside transactions. A kind that no floor has registered is refused."""

from typing import Protocol

from wallets.models import SignedRequest
from wallets.signers.interface import TypedMessage
from wallets.transactions.guards import Verdict


class RequestKind(Protocol):
    """One action of a protocol: how it is said, and whether it may be."""

    @property
    def frees(self) -> bool:
        """Whether it only gives something up, as an order's cancel does: some stops spare it."""
        ...

    def typed_message(self, request: SignedRequest) -> TypedMessage:
        """The EIP-712 message, from the row alone: the same for ever once its nonce is taken."""
        ...

    def judge(self, request: SignedRequest) -> Verdict:
        """The policy, inside the signing transaction: it reads the database, never the network."""
        ...


_kinds: dict[tuple[str, str], RequestKind] = {}


def register_kind(protocol: str, action: str, kind: RequestKind) -> None:
    """Let the action be signed where its policy allows it; the same name replaces."""
    _kinds[(protocol, action)] = kind


def find_kind(protocol: str, action: str) -> RequestKind | None:
    """The kind, or None: then nothing of it is signed."""
    return _kinds.get((protocol, action))
