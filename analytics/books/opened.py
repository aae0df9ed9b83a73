"""What openings stand for: all there was up to their block, which is not booked beside them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analytics.models import LedgerEntry
from analytics.selectors import valid_entries


@dataclass(frozen=True, slots=True)
class Opened:
    """The block of the opening by wallet and token."""

    blocks: Mapping[tuple[int, int], int]

    @classmethod
    def read(cls, wallets: Iterable[int]) -> "Opened":
        """Those of these wallets, with one question."""
        rows = valid_entries().filter(wallet__in=set(wallets), account=LedgerEntry.Account.OPENING)
        fields = ("wallet_id", "token_id", "block_number")
        return cls({(one, two): block or 0 for one, two, block in rows.values_list(*fields)})

    def covers(self, wallet_id: int, token_id: int, block: int | None) -> bool:
        """Whether what an opening says has it in it already."""
        opened = self.blocks.get((wallet_id, token_id))
        return opened is not None and (block or 0) <= opened

    def beside(self, entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
        """Those that no opening covers."""
        return [
            one for one in entries if not self.covers(one.wallet_id, one.token_id, one.block_number)
        ]
