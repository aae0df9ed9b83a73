"""What a log of a transfer means for our wallets."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from analytics.chain_history.logs import DEPOSIT, TRANSFER, WITHDRAWAL, RawLog
from analytics.chain_history.scope import Scope
from analytics.models import ChainTransfer
from protocols.context import read_log
from protocols.movements import NATIVE_BOOKS
from protocols.plans import Log
from wallets.addresses import ZERO_ADDRESS, parse_address

IN, OUT = ChainTransfer.Direction.IN, ChainTransfer.Direction.OUT
# zkSync's bootloader takes the fee and gives back what is left of it: that is no transfer.
BOOTLOADER = parse_address("0x0000000000000000000000000000000000008001")


@dataclass(frozen=True, slots=True)
class Move:
    """An amount that went from one address to another; `token` empty for the native coin."""

    hash: str
    place: int
    token: str
    source: str
    target: str
    amount: int
    block: int


def moves_in(scope: Scope, logs: Sequence[RawLog]) -> list[Move]:
    """All that the logs say, the wrapping of coins too where no Transfer says it."""
    read = [
        (str(raw["transactionHash"]), int(raw["blockNumber"], 16), read_log(raw)) for raw in logs
    ]
    found = [move for one in read if (move := _transfer(*one))]
    minted = {(one.hash, one.token, one.source, one.target) for one in found}
    wraps = [move for one in read if (move := _wrap(scope, *one))]
    return [
        *found,
        *(one for one in wraps if (one.hash, one.token, one.source, one.target) not in minted),
    ]


def sides(scope: Scope, moves: Iterable[Move]) -> Iterator[tuple[Move, int, str, str]]:
    """Each wallet's side of each: the wallet, the direction, and who is on the other side."""
    for move in moves:
        if not move.amount or move.source == move.target:
            continue
        if move.source in scope.owners:
            yield move, scope.owners[move.source], OUT, _other(move.target, move.token)
        if move.target in scope.owners:
            yield move, scope.owners[move.target], IN, _other(move.source, move.token)


def _transfer(tx: str, block: int, log: Log) -> Move | None:
    # An NFT's Transfer has its number in a fourth topic, and does not decode here.
    event = TRANSFER.decode(log)
    if event is None:
        return None
    native = log.address in NATIVE_BOOKS
    if native and BOOTLOADER in (event["from"], event["to"]):
        return None
    token = "" if native else log.address
    return Move(tx, log.index, token, event["from"], event["to"], event["value"], block)


def _wrap(scope: Scope, tx: str, block: int, log: Log) -> Move | None:
    if log.address not in scope.wrapped:
        return None
    if event := DEPOSIT.decode(log):
        return Move(tx, log.index, log.address, ZERO_ADDRESS, event["dst"], event["wad"], block)
    if event := WITHDRAWAL.decode(log):
        return Move(tx, log.index, log.address, event["src"], ZERO_ADDRESS, event["wad"], block)
    return None


def _other(address: str, token: str) -> str:
    """On the other side of what is minted or burned stands the token itself."""
    return token if address == ZERO_ADDRESS else address
