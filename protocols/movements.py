"""What a receipt's logs say came to and left a wallet: never what was hoped for."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from eth_typing import ChecksumAddress

from protocols.abi import load_abi
from protocols.actions import CallReceipt, Log, Movement
from wallets.addresses import ZERO_ADDRESS, parse_address

_TRANSFER = load_abi("protocols.evm", "erc20").event("Transfer")
_DEPOSIT = load_abi("protocols.evm", "weth").event("Deposit")
_WITHDRAWAL = load_abi("protocols.evm", "weth").event("Withdrawal")

# zkSync's own book of native coin logs each of its movements, fees too, as an ERC-20 would.
NATIVE_BOOKS = frozenset({parse_address("0x000000000000000000000000000000000000800A")})


@dataclass(frozen=True, slots=True)
class TokenTransfer:
    """An amount of an ERC-20 that changed hands; minted from and burned to the zero address."""

    token: ChecksumAddress
    source: ChecksumAddress
    target: ChecksumAddress
    amount: int


def read_movements(
    receipt: CallReceipt,
    wallet: ChecksumAddress,
    *,
    wrapped: ChecksumAddress | None = None,
    unwrapped_by: ChecksumAddress | None = None,
) -> tuple[Movement, ...]:
    """Everything a call of the wallet moved for it.

    Native coin leaves with the call's value. It comes only out of `wrapped`, burned by
    `unwrapped_by` for the wallet, since plain native transfers inside a call leave no log.
    """
    transfers = read_transfers(receipt.logs, wrapped=wrapped)
    return (
        *_native_out(receipt, wallet),
        *_token_movements(transfers, wallet),
        *_native_in(receipt, transfers, wrapped, unwrapped_by),
    )


def read_transfers(
    logs: Iterable[Log], *, wrapped: ChecksumAddress | None = None
) -> tuple[TokenTransfer, ...]:
    """All token transfers in the logs, with the wrapping and unwrapping of `wrapped`."""
    rows = tuple(logs)
    found = tuple(transfer for log in rows if (transfer := _transfer(log)))
    return found if wrapped is None else (*found, *_unlogged(rows, found, wrapped))


def unused_value(receipt: CallReceipt, coin: ChecksumAddress | None) -> tuple[Movement, ...]:
    """Native coin that a router was sent, did not wrap, and gave back; that leaves no log."""
    call = receipt.call
    if not call.value or coin is None:
        return ()
    made = read_transfers(receipt.logs, wrapped=coin)
    whole = (coin, ZERO_ADDRESS, call.to)
    used = sum(one.amount for one in made if (one.token, one.source, one.target) == whole)
    return (Movement("", "in", call.value - used, call.to),) if used < call.value else ()


def _transfer(log: Log) -> TokenTransfer | None:
    # An NFT's Transfer has its number in a fourth topic, and does not decode here.
    event = _TRANSFER.decode(log)
    if event is None or log.address in NATIVE_BOOKS:
        return None
    return TokenTransfer(log.address, event["from"], event["to"], event["value"])


def _unlogged(
    logs: tuple[Log, ...], found: tuple[TokenTransfer, ...], wrapped: ChecksumAddress
) -> Iterator[TokenTransfer]:
    """What WETH9 minted and burned: it logs Deposit and Withdrawal only.

    Other wrapped coins log a Transfer beside them (Scroll), or nothing else (Arbitrum): where
    there is one, it is the one that counts.
    """
    own = [transfer for transfer in found if transfer.token == wrapped]
    if not any(transfer.source == ZERO_ADDRESS for transfer in own):
        for log in logs:
            if log.address == wrapped and (event := _DEPOSIT.decode(log)):
                yield TokenTransfer(wrapped, ZERO_ADDRESS, event["dst"], event["wad"])
    if not any(transfer.target == ZERO_ADDRESS for transfer in own):
        for log in logs:
            if log.address == wrapped and (event := _WITHDRAWAL.decode(log)):
                yield TokenTransfer(wrapped, event["src"], ZERO_ADDRESS, event["wad"])


def _native_out(receipt: CallReceipt, wallet: ChecksumAddress) -> Iterator[Movement]:
    call = receipt.call
    if call.value and call.to != wallet:
        yield Movement("", "out", call.value, call.to)


def _token_movements(
    transfers: Iterable[TokenTransfer], wallet: ChecksumAddress
) -> Iterator[Movement]:
    for transfer in transfers:
        token, amount = transfer.token, transfer.amount
        if transfer.source == transfer.target or not amount:
            continue
        # On the other side of what is minted or burned stands the token itself.
        if transfer.source == wallet:
            yield Movement(token, "out", amount, _unless_zero(transfer.target) or token)
        elif transfer.target == wallet:
            yield Movement(token, "in", amount, _unless_zero(transfer.source) or token)


def _unless_zero(address: ChecksumAddress) -> ChecksumAddress | None:
    return None if address == ZERO_ADDRESS else address


def _native_in(
    receipt: CallReceipt,
    transfers: Iterable[TokenTransfer],
    wrapped: ChecksumAddress | None,
    unwrapped_by: ChecksumAddress | None,
) -> Iterator[Movement]:
    burned = sum(
        transfer.amount
        for transfer in transfers
        if (transfer.token, transfer.source, transfer.target)
        == (wrapped, unwrapped_by, ZERO_ADDRESS)
    )
    if burned:
        yield Movement("", "in", burned, receipt.call.to)
