"""An explorer's file into history: all of it or nothing, and twice is the same as once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analytics.chain_history.explorer.fields import (
    address,
    amount,
    failed,
    moment,
    tx_hash,
    whole,
)
from analytics.chain_history.explorer.formats import Format, Kind
from analytics.chain_history.explorer.reading import Line, read_file
from analytics.chain_history.movements import Move, sides
from analytics.chain_history.scope import Found, HistoryError, Scope, scope_of
from analytics.chain_history.storing import store
from analytics.chain_history.storing_transfers import INSIDE, UNPLACED
from analytics.models import ChainTransaction, ChainTransfer, Source
from wallets.models import Network, Token, Wallet

COIN_DECIMALS = 18


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file was, and what it brought."""

    form: str
    rows: int
    about_others: int
    transactions: int
    transfers: int


def import_file(*, path: Path, network: Network, dry_run: bool = False) -> Imported:
    """Take over what an explorer's file says of our wallets; HistoryError, and nothing written."""
    form, lines = read_file(path)
    if form is None:
        return Imported("a file without rows", 0, 0, 0, 0)
    scope = scope_of(network, Wallet.objects.order_by("pk"))
    reader = _Reader(scope, form, _decimals(network))
    for line in lines:
        reader.take(line)
    found, others = reader.found, reader.about_others
    if others == len(lines):
        raise HistoryError(
            f"none of the {others:,} rows of {path.name} is about a wallet of yours; add the "
            "wallet first, or check that it is the right file"
        )
    sent, moved = len(found.transactions), len(found.transfers)
    if not dry_run:
        sent, moved = store(network, found)
    return Imported(form.name, len(lines), others, sent, moved)


def _decimals(network: Network) -> Mapping[str, int]:
    return dict(Token.objects.filter(network=network).values_list("address", "decimals"))


class _Reader:
    """Rows of one form, as rows of ours."""

    def __init__(self, scope: Scope, form: Format, decimals: Mapping[str, int]) -> None:
        self._scope, self._form, self._decimals = scope, form, decimals
        self.found, self.about_others = Found(), 0

    def take(self, line: Line) -> None:
        """What the row says of our wallets."""
        source, target = address(line, "from"), address(line, "to")
        if source not in self._scope.owners and target not in self._scope.owners:
            self.about_others += 1
            return
        undone = failed(line)
        if self._form.kind is Kind.SENT and source in self._scope.owners:
            self.found.transactions.append(self._sent(line, source, target, undone=undone))
        if undone or line.fields.get("calltype", "") in ("delegatecall", "staticcall", "callcode"):
            return
        move = self._move(line, source, target)
        at = moment(line)
        for one, owner, direction, other in sides(self._scope, [move] if target else []):
            self.found.transfers.append(
                ChainTransfer(
                    network=self._scope.network,
                    wallet_id=owner,
                    hash=one.hash,
                    place=one.place,
                    direction=direction,
                    token_address=one.token,
                    counterparty=other,
                    amount=one.amount,
                    block_number=one.block,
                    block_at=at,
                    source=Source.EXPLORER,
                )
            )

    def _move(self, line: Line, source: str, target: str) -> Move:
        token, place = "", ChainTransfer.VALUE_PLACE
        if self._form.kind is Kind.INSIDE:
            place = INSIDE
        elif self._form.kind is Kind.TOKENS:
            token = address(line, "contract")
            place = whole(line, "log") if line.fields.get("log") else UNPLACED
        value = self._value(line, token)
        return Move(tx_hash(line), place, token, source, target, value, whole(line, "block"))

    def _value(self, line: Line, token: str) -> int:
        """Base units, of the token or of the coin."""
        if self._form.wei:
            return amount(line, "value", 0, wei=True)
        if "value" in line.fields:
            if token not in self._decimals:
                symbol = line.fields.get("symbol", "")[:20]
                raise HistoryError(
                    f"{line.where}: the decimals of {token} ({symbol}) are not known, and the file "
                    "does not tell them; add it with `tokens add`, or import the JSON of tokentx"
                )
            return amount(line, "value", self._decimals[token], wei=False)
        inward, outward = (self._coins(line, what) for what in ("in", "out"))
        return inward or outward

    def _coins(self, line: Line, what: str) -> int:
        decimals = self._decimals.get("", COIN_DECIMALS)
        return amount(line, what, decimals, wei=False) if line.fields.get(what) else 0

    def _sent(self, line: Line, source: str, target: str, *, undone: bool) -> ChainTransaction:
        data = line.fields.get("input", "") or line.fields.get("selector", "")
        return ChainTransaction(
            network=self._scope.network,
            wallet_id=self._scope.owners[source],
            hash=tx_hash(line),
            block_number=whole(line, "block"),
            block_at=moment(line),
            nonce=whole(line, "nonce") if line.fields.get("nonce") else None,
            recipient=target,
            selector=data[:10].lower() if len(data) >= 10 else "",
            value=self._value(line, ""),
            fee=self._fee(line),
            succeeded=not undone,
            # A recipient that took data is no proof of code; a registered contract is.
            to_contract=True if target in self._scope.protocols else None,
            protocol=self._scope.protocols.get(target, ""),
            source=Source.EXPLORER,
        )

    def _fee(self, line: Line) -> int | None:
        """Where L1 takes a part beside the gas it is not in these rows, or not in all versions."""
        if self._scope.network.l1_fee_model in _WITH_L1_PART:
            return None
        if "gas" in line.fields:
            return whole(line, "gas") * whole(line, "price")
        if self._form.wei:
            return amount(line, "fee", 0, wei=True)
        # Rounded to a few digits in the download: near enough for nobody.
        return None


_WITH_L1_PART: Sequence[str] = (Network.L1FeeModel.OP_STACK, Network.L1FeeModel.SCROLL)
