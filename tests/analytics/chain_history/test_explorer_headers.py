"""The header lines that explorers really write are told apart; what may be rounded is not taken.

Etherscan's and Snowtrace's as importers of tax programs know them (BittyTax/BittyTax,
src/bittytax/conv/parsers); Blockscout's as its own exporters write them (blockscout/blockscout,
apps/explorer/lib/explorer/chain/csv_export/address).
"""

import csv

import pytest

from analytics.chain_history.explorer.formats import detect

PLACE = '"Blockno","UnixTimestamp","DateTime (UTC)"'
SENT = (
    '"From","To","ContractAddress","Value_IN(ETH)","Value_OUT(ETH)","{}","TxnFee(ETH)",'
    '"TxnFee(USD)","Historical $Price/Eth","Status","ErrCode","Method"'
)
TOKENS = '"From","To","TokenValue","USDValueDayOfTx","ContractAddress","TokenName","TokenSymbol"'
INSIDE = (
    '"ParentTxFrom","ParentTxTo","ParentTxETH_Value","From","TxTo","ContractAddress",'
    '"Value_IN(ETH)","Value_OUT(ETH)","CurrentValue @ $3414.36/Eth","Historical $Price/Eth",'
    '"Status","ErrCode","Type"'
)
SNOWTRACE = (
    '"Transaction Hash","Blockno","UnixTimestamp","DateTime","From","To","ContractAddress",'
    '"Value_IN(AVAX)","Value_OUT(AVAX)","CurrentValue/AVAX","TxnFee(AVAX)","TxnFee(USD)",'
    '"Historical $Price/AVAX","Status","ErrCode","Method","ChainId","Chain","Value(AVAX)"'
)
BLOCKSCOUT = "TxHash,BlockNumber,UnixTimestamp,FromAddress,ToAddress"
PRICES = "Type,Value,Fee,Status,ErrCode,CurrentPrice,TxDateOpeningPrice,TxDateClosingPrice"
MOVED = "TokenContractAddress,Type,TokenSymbol,TokensTransferred,TransactionFee,Status,ErrCode"
INNER = (
    "TxHash,Index,BlockNumber,BlockHash,TxIndex,BlockIndex,UnixTimestamp,FromAddress,ToAddress,"
    "ContractAddress,Type,CallType,Gas,GasUsed,Value,Input,Output,ErrCode"
)

KNOWN = [
    *(
        (f'"{name}",{PLACE},{SENT.format(worth)}', "Etherscan CSV of transactions")
        for name in ("Transaction Hash", "Txhash")
        for worth in ("CurrentValue", "CurrentValue @ $2084.3165498016/Eth")
    ),
    *(
        (f'"{name}",{PLACE},{rest}', f"Etherscan CSV of {what}")
        for name in ("Transaction Hash", "Txhash")
        for rest, what in ((TOKENS, "token transfers"), (INSIDE, "internal transactions"))
    ),
    (SNOWTRACE, "Etherscan CSV of transactions"),
    (f"{BLOCKSCOUT},ContractAddress,{PRICES}", "Blockscout CSV of transactions"),
    (f"{BLOCKSCOUT},ContractAddress,{PRICES},MethodName", "Blockscout CSV of transactions"),
    (f"{BLOCKSCOUT},{MOVED}", "Blockscout CSV of token transfers"),
    (
        f"{BLOCKSCOUT},{MOVED.replace('TokenSymbol', 'TokenDecimals,TokenSymbol,TokenDecimals')}",
        "Blockscout CSV of token transfers",
    ),
    (INNER, "Blockscout CSV of internal transactions"),
    (f"{INNER},Fee", "Blockscout CSV of internal transactions"),
]


@pytest.mark.parametrize(("header", "form"), KNOWN)
def test_a_true_header_is_known(header: str, form: str) -> None:
    found = detect(next(csv.reader([header])))
    assert found is not None
    assert found[0].name == form
    assert {"hash", "block", "time", "from", "to"} <= found[1].keys()


ROUNDED = [
    # Etherscan's list of a page: amounts like "3.02 ETH", cut as the page shows them.
    '"Transaction Hash","Status","Method","Blockno","DateTime (UTC)","From","From_Nametag","To",'
    '"To_Nametag","Amount","Value (USD)","Txn Fee"',
    # A token's page: it does not tell which token.
    f'"Transaction Hash",{PLACE},"From","To","Quantity","Method"',
]


@pytest.mark.parametrize("header", ROUNDED)
def test_a_list_of_a_page_is_no_export_of_an_address(header: str) -> None:
    assert detect(next(csv.reader([header]))) is None
