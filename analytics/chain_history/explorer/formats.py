"""The forms of explorers' files, told apart by the names of their columns.

Etherscan's API (`txlist`, `tokentx`, `txlistinternal`: https://docs.etherscan.io), which Blockscout
answers as well; the CSV downloads of Etherscan's and of Blockscout's address pages.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What the rows of a file are."""

    SENT = "transactions"
    TOKENS = "token transfers"
    INSIDE = "internal transactions"


@dataclass(frozen=True, slots=True)
class Format:
    """Which column says what; `wei` tells base units from a decimal number of coins."""

    name: str
    kind: Kind
    columns: Mapping[str, str]
    wei: bool = True

    @property
    def needed(self) -> frozenset[str]:
        """The columns it is known by."""
        return frozenset(self.columns.values()) - _OPTIONAL


_API = {
    "block": "blocknumber",
    "time": "timestamp",
    "hash": "hash",
    "from": "from",
    "to": "to",
    "value": "value",
}
_ETHERSCAN = {
    "hash": "transaction hash",
    "block": "blockno",
    "time": "unixtimestamp",
    "from": "from",
    "to": "to",
    "contract": "contractaddress",
}
_BLOCKSCOUT = {
    "hash": "txhash",
    "block": "blocknumber",
    "time": "unixtimestamp",
    "from": "fromaddress",
    "to": "toaddress",
}
# Not in every version of a form, or empty where there is nothing to say.
_OPTIONAL = frozenset(
    [
        "contractaddress",
        "logindex",
        "methodid",
        "input",
        "txreceipt_status",
        "errcode",
        "status",
        "calltype",
    ]
)
FORMATS = (
    Format(
        "txlist answer",
        Kind.SENT,
        {
            **_API,
            "nonce": "nonce",
            "input": "input",
            "selector": "methodid",
            "gas": "gasused",
            "price": "gasprice",
            "failed": "iserror",
            "status": "txreceipt_status",
            "contract": "contractaddress",
        },
    ),
    Format(
        "tokentx answer",
        Kind.TOKENS,
        {
            **_API,
            "contract": "contractaddress",
            "symbol": "tokensymbol",
            "decimals": "tokendecimal",
            "log": "logindex",
        },
    ),
    Format(
        "txlistinternal answer",
        Kind.INSIDE,
        {
            **_API,
            "contract": "contractaddress",
            "failed": "iserror",
            "type": "type",
            # Of a delegatecall the value is its caller's: an explorer that lists it says so here.
            "calltype": "calltype",
            "error": "errcode",
        },
    ),
    Format(
        "Etherscan CSV of transactions",
        Kind.SENT,
        {
            **_ETHERSCAN,
            "in": "value_in",
            "out": "value_out",
            "fee": "txnfee",
            "failed": "status",
            "error": "errcode",
        },
        wei=False,
    ),
    Format(
        "Etherscan CSV of token transfers",
        Kind.TOKENS,
        {**_ETHERSCAN, "value": "tokenvalue", "symbol": "tokensymbol"},
        wei=False,
    ),
    Format(
        "Etherscan CSV of internal transactions",
        Kind.INSIDE,
        {
            **_ETHERSCAN,
            "to": "txto",
            "in": "value_in",
            "out": "value_out",
            "parent": "parenttxfrom",
            "failed": "status",
            "error": "errcode",
        },
        wei=False,
    ),
    Format(
        "Blockscout CSV of transactions",
        Kind.SENT,
        {
            **_BLOCKSCOUT,
            "contract": "contractaddress",
            "value": "value",
            "fee": "fee",
            "failed": "status",
            "error": "errcode",
        },
    ),
    Format(
        "Blockscout CSV of token transfers",
        Kind.TOKENS,
        {
            **_BLOCKSCOUT,
            "contract": "tokencontractaddress",
            "value": "tokenstransferred",
            "symbol": "tokensymbol",
        },
    ),
    Format(
        "Blockscout CSV of internal transactions",
        Kind.INSIDE,
        {
            **_BLOCKSCOUT,
            "contract": "contractaddress",
            "value": "value",
            # Since it has a fee, too, only this tells it from the transactions.
            "index": "index",
            "type": "type",
            "calltype": "calltype",
            "error": "errcode",
        },
    ),
)
# Names of earlier versions, and of Blockscout's API, for the same.
_ALSO = {"txhash": "transaction hash", "transactionhash": "hash", "amount": "tokenstransferred"}


def normal(column: str) -> str:
    """A column's name without the coin's symbol, the day's price, case and quotes."""
    text = re.sub(r"\(.*?\)|@.*$", "", column.strip().strip('"').lower())
    return text.strip()


def detect(columns: Iterable[str]) -> tuple[Format, dict[str, str]] | None:
    """The form that has these columns, and under which of them it says what; None for no form."""
    named = {normal(column): column for column in columns}
    for names in (named, {_ALSO.get(name, name): column for name, column in named.items()}):
        fitting = [one for one in FORMATS if one.needed <= names.keys()]
        if fitting:
            found = max(fitting, key=lambda one: len(one.needed))
            return found, {
                what: names[name] for what, name in found.columns.items() if name in names
            }
    return None
