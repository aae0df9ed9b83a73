"""Rows that campaigns are made of, in few words."""

from datetime import timedelta
from typing import Any

from analytics.models import Campaign, ChainTransfer, LedgerEntry
from tests.factories import NOON, LedgerEntryFactory, PricePointFactory, a_hash
from wallets.models import Token, Wallet

K, A = LedgerEntry.Kind, LedgerEntry.Account
DOLLAR = 10**8


def transfer(
    wallet: Wallet, token: Token | None, amount: int, sender: str, n: int = 1
) -> ChainTransfer:
    """So much came from the sender, as the chain tells it."""
    assert token is not None
    return ChainTransfer.objects.create(
        network=token.network,
        wallet=wallet,
        hash=a_hash(f"transfer {n}"),
        place=n,
        direction="in",
        token=token,
        token_address=token.address,
        counterparty=sender,
        amount=amount,
        block_number=n,
        block_at=NOON,
        source="rpc",
    )


def arrived(told: ChainTransfer, **fields: Any) -> LedgerEntry:
    """The transfer in the books."""
    assert told.token is not None
    return LedgerEntry.objects.create(
        wallet=told.wallet,
        token=told.token,
        transfer=told,
        kind=K.IN,
        amount=told.amount,
        counterparty=told.counterparty,
        ordinal=1,
        status="final",
        occurred_at=told.block_at,
        **fields,
    )


def moved(
    wallet: Wallet, token: Token | None, kind: str, amount: int, hour: int, **fields: Any
) -> None:
    """An entry by a receipt, so many hours after noon."""
    at = NOON + timedelta(hours=hour)
    entry = LedgerEntryFactory.build(
        wallet=wallet, token=token, kind=kind, amount=amount, occurred_at=at, **fields
    )
    entry.receipt = entry.transaction = None
    entry.reason, entry.booked_by = "hand-made", "test"
    entry.save()


def priced(token: Token | None, dollars: int, hour: int) -> None:
    """A price, some minutes before that hour."""
    at = NOON + timedelta(hours=hour, minutes=-10)
    PricePointFactory.create(token=token, amount=dollars * DOLLAR, at=at)


def token_of(campaign: Campaign) -> Token:
    """Its token, which a made one has."""
    assert campaign.token is not None
    return campaign.token
