"""What can go wrong when asking a node, and what its words mean for a sent transaction."""

import re
from enum import StrEnum


class ChainError(Exception):
    """A node could not be asked, or its answer cannot be used."""


class RpcUnavailable(ChainError):
    """No usable answer (timeout, connection, HTML, rate limit): nothing is known."""


class WrongChain(ChainError):
    """The URL leads to another chain than the network it is registered for."""


class RpcError(ChainError):
    """The node's own JSON-RPC error."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(f"{message} (code {code})")
        self.code = code
        self.message = message
        self.data = data


class SendAnswer(StrEnum):
    """What an answer to eth_sendRawTransaction says about the bytes."""

    ACCEPTED = "accepted"
    KNOWN = "known"
    NONCE_TOO_LOW = "nonce_too_low"
    NONCE_TOO_HIGH = "nonce_too_high"
    UNDERPRICED = "underpriced"
    FEE_CAP = "fee_cap"
    FUNDS = "funds"
    INVALID = "invalid"
    MEMPOOL_FULL = "mempool_full"
    RATE_LIMITED = "rate_limited"
    AMBIGUOUS = "ambiguous"


# Checked in order against the lower-cased text; the first that matches decides.
_TEXTS: tuple[tuple[re.Pattern[str], SendAnswer], ...] = tuple(
    (re.compile(pattern), answer)
    for pattern, answer in (
        (r"already known|already imported|known transaction|already exists", SendAnswer.KNOWN),
        (r"replacement transaction underpriced|transaction underpriced", SendAnswer.UNDERPRICED),
        (r"nonce too low|nonce is too low|old nonce", SendAnswer.NONCE_TOO_LOW),
        (r"nonce too high|nonce is too (high|distant)|nonce gap", SendAnswer.NONCE_TOO_HIGH),
        (r"insufficient funds|not enough (funds|balance)", SendAnswer.FUNDS),
        (r"max fee per gas less than block base fee|fee cap", SendAnswer.FEE_CAP),
        (r"intrinsic gas too low|invalid sender|exceeds block gas limit", SendAnswer.INVALID),
        (
            r"txpool is full|mempool is full|transaction pool (is full|limit)",
            SendAnswer.MEMPOOL_FULL,
        ),
        (r"rate limit|too many requests|quota", SendAnswer.RATE_LIMITED),
    )
)


def classify_send(error: ChainError) -> SendAnswer:
    """What a node's refusal means; text that is not known is ambiguous, never a failure."""
    if isinstance(error, RpcError):
        text = error.message.lower()
        for pattern, answer in _TEXTS:
            if pattern.search(text):
                return answer
    return SendAnswer.AMBIGUOUS
