"""What can go wrong when asking a node, and what its words mean for a sent transaction."""

import re
from enum import StrEnum


class ChainError(Exception):
    """A node could not be asked, or its answer cannot be used."""


class RpcUnavailable(ChainError):
    """No usable answer (timeout, connection, HTML, rate limit): nothing is known."""


class NotReached(RpcUnavailable):
    """The question never left: no connection, or an address that cannot be used."""


class RateLimited(RpcUnavailable):
    """The endpoint asks for a pause; `retry_after` are the seconds it named, if it did."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class WrongChain(ChainError):
    """The URL leads to another chain than the network it is registered for."""


class Disagreement(ChainError):
    """Two endpoints answered the same question differently: nothing is known."""


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
    # Below what the pool or the replaced transaction asks: a bump helps.
    UNDERPRICED = "underpriced"
    # The most it offers is below the base fee: a bump helps, and so may waiting.
    FEE_CAP = "fee_cap"
    FUNDS = "funds"
    # The node's own rule, or the fork it is at: another node may take the same bytes.
    NODE_LIMIT = "node_limit"
    # Refused for what the bytes say, whichever node is asked: neither bump nor wait helps.
    INVALID = "invalid"
    # No room, in the pool or for this sender: waiting helps.
    MEMPOOL_FULL = "mempool_full"
    RATE_LIMITED = "rate_limited"
    # The bytes did not leave for this endpoint; says nothing about the other endpoints.
    NOT_SENT = "not_sent"
    AMBIGUOUS = "ambiguous"


# Checked in order against the lower-cased text; the first that matches decides. Each text is in
# tests/wallets/fixtures/send_errors.toml with the client that says it and where that is written.
_TEXTS: tuple[tuple[SendAnswer, re.Pattern[str]], ...] = tuple(
    (answer, re.compile("|".join(patterns)))
    for answer, patterns in (
        (
            SendAnswer.KNOWN,
            (
                r"(?<!block )already ?known",
                # Not "unknown transaction type".
                r"(?<!un)known transaction",
                r"already ?imported",
                r"existing txn? with same hash",
                r"tx already exists in cache",
            ),
        ),
        (
            SendAnswer.UNDERPRICED,
            (
                r"replacement (transaction |fee )?(underpriced|too low|not ?allowed)",
                r"replacementnotallowed",
                r"could not replace existing tx",
                r"gas price to replace existing",
                r"another (transaction|tx) (with|which has the) same nonce",
                r"unacceptable gas price",
                r"effectivepriorityfeepergas too low",
                r"feetoolow(?!, maxfeepergas)",
                r"underpriced",
                r"fee too low",
                r"gas price (is )?too low",
                r"(gas price|priority fee) below (configured )?minimum",
                r"feecap \d+ below chain minimum",
                r"less than gas price minimum floor",
            ),
        ),
        (
            SendAnswer.FEE_CAP,
            (
                r"(max fee per gas|fee cap|gas price) (is )?less than (the )?(block )?base fee",
                r"maxfeepergas too low",
                r"gas price below current base fee",
            ),
        ),
        (
            SendAnswer.NONCE_TOO_LOW,
            (r"(?<!authority )nonce (is )?too low", r"oldnonce", r"transaction already finalized"),
        ),
        (
            SendAnswer.NONCE_TOO_HIGH,
            (
                r"nonce (is )?too (high|distant|far in future)",
                r"nonce ?gap",
                r"gapped.nonce tx",
            ),
        ),
        (
            SendAnswer.FUNDS,
            (
                r"insufficient ?(funds|balance)",
                r"not enough (funds|balance)",
                r"(not|n't) have enough funds",
                r"upfront cost exceeds account balance",
                r"transaction would cause overdraft|overdraws from account",
            ),
        ),
        (
            SendAnswer.MEMPOOL_FULL,
            (
                r"(tx ?pool|mempool|sub-pool|transaction pool|tx pool|queue) (is )?full",
                r"too many transactions in the queue",
                r"account limit exceeded",
                r"in-flight transaction limit reached",
                r"future transaction tries to replace pending",
                r"authority has pending transaction",
                r"\bspammer\b",
                r"pool size constraints",
                r"currently not accepting transactions",
            ),
        ),
        (
            SendAnswer.NODE_LIMIT,
            (
                r"(exceeds|greater than) (the )?(block|max(imum)?)('s)? "
                r"?((per-)?transaction )?gas ?limit",
                r"gas ?limit ?(cap ?)?(reached|exceeded)",
                r"exceeds current gas limit|supplied gas is beyond limit",
                r"gas limit (is )?too high|too big ergs limit",
                r"floor data gas",
                r"exceeds the configured cap|transaction fee cap exceeded",
                r"oversized data|transaction (is )?too (large|big)|rlptoolong|l2message too long",
                r"initcode (size exceeded|too large)|max_init_code_size",
                r"\bda limit exceeded",
                r"not activated yet",
                # A delegated account (EIP-7702), to a node that knows no such thing.
                r"sender (is )?not an eoa|senderiscontract|from a non-account",
                r"not on the whitelist|not authorized to send|is banned in local queue",
                r"plugin has marked the transaction",
                r"only replay-protected|chainid is required",
            ),
        ),
        (
            SendAnswer.INVALID,
            (
                r"intrinsic ?gas",
                r"gas is too low\. there is not enough gas to cover minimal",
                r"priority ?fee ?per ?gas:? (higher|exceeds|cannot be higher)",
                r"max fee per gas higher than 2\^",
                r"invalid (sender|(transaction )?signature|transaction v, r, s)|invalidtxsignature",
                r"(invalid|wrong) chain ?id|invalidtxchainid|signed for another chain",
                r"failed to (recover|resolve) ?sender|failedtoresolvesender",
                r"failed to decode (signed )?transaction|empty transaction data",
                r"\brlp: (value|expected|input|element|non-canonical|too (few|many))",
                r"decoderlperror|invalid rlp|typed transaction too short",
                r"transaction type (\d+ )?not (supported|valid)|invalidtxtype",
                r"un(supported|known) transaction type|invalid transaction type",
                r"negative value|uint64 overflow|gasuintoverflow|transaction cost overflow",
                r"nonce (has max value|exceeds (u64|max))",
            ),
        ),
    )
)
_RATE = re.compile(
    r"rate.?limit|too many requests|requests? limit reached|request count exceeded"
    r"|rate exceeded|rps limit|compute units|calls per second|quota"
    r"|requests capacity|capacity limit exceeded|credits limited"
)


def is_rate_limit(error: RpcError) -> bool:
    """Whether a JSON-RPC error is the provider's request for a pause, not the node's refusal."""
    # A contract may revert with any words, "rate limit exceeded" among them.
    if error.code == 3 or "revert" in error.message.lower():
        return False
    return error.code == 429 or bool(_RATE.search(error.message.lower()))


def classify_send(error: ChainError) -> SendAnswer:
    """What a refusal or a failure means; text that is not known is ambiguous, never a failure."""
    if isinstance(error, RateLimited):
        return SendAnswer.RATE_LIMITED
    if isinstance(error, NotReached | WrongChain):
        return SendAnswer.NOT_SENT
    if not isinstance(error, RpcError):
        return SendAnswer.AMBIGUOUS
    text = error.message.lower()
    for answer, pattern in _TEXTS:
        if pattern.search(text):
            return answer
    return SendAnswer.RATE_LIMITED if is_rate_limit(error) else SendAnswer.AMBIGUOUS
