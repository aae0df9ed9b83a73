"""Explorers' files: told apart, refused whole with the line, and never the same thing twice."""

from pathlib import Path

import pytest

from analytics.chain_history.explorer.importing import Imported, import_file
from analytics.chain_history.scope import HistoryError
from analytics.models import ChainTransaction, ChainTransfer
from tests.analytics.chain_history.explorers import answers, write
from tests.analytics.chain_history.lives import Lives, rows
from tests.factories import NativeCoinFactory, NetworkFactory, TokenFactory, WalletFactory
from tests.protocols.operators import Operator
from wallets.models import Network, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]
TX = "0x" + "ab" * 32
OURS, OTHER = "0x" + "11" * 20, "0x" + "22" * 20
SHOP = "0x" + "33" * 20
ETHERSCAN = (
    '"Transaction Hash","Blockno","UnixTimestamp","DateTime (UTC)","From","To","ContractAddress",'
    '"Value_IN(ETH)","Value_OUT(ETH)","CurrentValue @ $2000/Eth","TxnFee(ETH)","TxnFee(USD)",'
    '"Historical $Price/Eth","Status","ErrCode","Method"'
)
TOKENS = (
    '"Transaction Hash","Blockno","UnixTimestamp","DateTime (UTC)","From","To","TokenValue",'
    '"USDValueDayOfTx","ContractAddress","TokenName","TokenSymbol"'
)
HEADER = (
    "TxHash,BlockNumber,UnixTimestamp,FromAddress,ToAddress,ContractAddress,Type,Value,Fee,"
    "Status,ErrCode"
)
GOOD = f"{TX},7,1700000000,{OURS},{OTHER},,OUT,5,21000,ok,"


def test_files_and_nodes_tell_the_same_story_once(
    alice: Operator, bob: Operator, tmp_path: Path
) -> None:
    lives = Lives.lived(alice, bob)
    lives.scan()
    truth = rows()
    files = [write(tmp_path, name, told) for name, told in answers(lives).items()]
    for path in files:
        import_file(path=path, network=alice.network)
    assert rows() == truth, "what a node told is not made worse"
    ChainTransfer.objects.all().delete()
    ChainTransaction.objects.all().delete()
    for path in [*files, *files]:
        import_file(path=path, network=alice.network)
    assert ChainTransaction.objects.filter(app=None, source="explorer").count() == 8
    # Wrapped coin comes and goes without a Transfer here, so no explorer lists it.
    assert ChainTransfer.objects.count() == len(truth[1]) - 2
    lives.scan(again=True)
    assert rows() == truth, "what a file told is made whole"


@pytest.fixture
def network(db: None) -> Network:
    WalletFactory.create(label="ours", address=Wallet(address=OURS).address)
    network = NetworkFactory.create()
    NativeCoinFactory.create(network=network)
    TokenFactory.create(network=network, address=SHOP, symbol="USDC", decimals=6)
    return network


def taken(folder: Path, network: Network, *lines: str, name: str = "export.csv") -> Imported:
    path = folder / name
    path.write_text("\n".join(lines))
    return import_file(path=path, network=network)


def test_a_csv_of_transactions_is_read(tmp_path: Path, network: Network) -> None:
    row = f"{{tx}},7,1700000000,x,{OURS},{OTHER},,0,1.5,,0.001,,,{{status}},{{error}},"
    good = row.format(tx=TX, status="", error="")
    bad = row.format(tx="0x" + "cd" * 32, status="Error(0)", error="Out of gas")
    done = taken(tmp_path, network, ETHERSCAN, good, bad)
    assert (done.form, done.transactions, done.transfers) == ("Etherscan CSV of transactions", 2, 1)
    sent = ChainTransaction.objects.get(hash=TX)
    assert (sent.value, sent.succeeded, sent.app, sent.fee) == (15 * 10**17, True, None, None)
    assert not ChainTransaction.objects.get(hash="0x" + "cd" * 32).succeeded


def test_a_csv_of_token_transfers_needs_the_decimals(tmp_path: Path, network: Network) -> None:
    row = f'"{TX}","7","1700000000","","{OTHER}","{OURS}","1,000.5","","{SHOP}","USD Coin","USDC"'
    taken(tmp_path, network, TOKENS, row, row)
    amounts = ChainTransfer.objects.values_list("amount", "direction", "token__symbol")
    assert list(amounts) == [(1_000_500_000, "in", "USDC")] * 2
    with pytest.raises(HistoryError, match=r"line 2: the decimals of 0x4444.* are not known"):
        taken(tmp_path, network, TOKENS, row.replace("33" * 20, "44" * 20))


def test_a_csv_of_blockscout_is_read(tmp_path: Path, network: Network) -> None:
    row = GOOD.replace("1700000000", "2023-11-14 22:13:20Z")
    done = taken(tmp_path, network, HEADER, row)
    sent = ChainTransaction.objects.get()
    assert done.form == "Blockscout CSV of transactions"
    assert (sent.value, sent.fee, sent.block_at.timestamp()) == (5, 21_000, 1_700_000_000)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["a,b", "1,2"], "is of no form that is known: its columns are a, b. Known are: txlist"),
        ([ETHERSCAN, f'"{TX}"'], "line 2 of export.csv has 1 fields, and the header 16"),
        (['{"status":"0","message":"NOTOK","result":"Invalid API Key"}'], "said: Invalid API Key"),
        (["{"], "is not JSON"),
        ([HEADER, f"{TX},7,1,{OTHER},{SHOP},,IN,1,1,ok,"], "none of the 1 rows"),
        (
            [HEADER, GOOD, GOOD.replace(",7,", ",x,")],
            "line 3: 'x' in the field of 'block' is not a",
        ),
        ([HEADER, GOOD.replace(OURS, OURS + "0")], "line 2: .* is not an address"),
    ],
)
def test_what_cannot_be_read_is_refused_whole_with_its_place(
    tmp_path: Path, network: Network, lines: list[str], sentence: str
) -> None:
    with pytest.raises(HistoryError, match=sentence):
        taken(tmp_path, network, *lines)
    assert not ChainTransaction.objects.exists()
    assert not ChainTransfer.objects.exists()


def test_of_a_rollup_a_file_tells_no_fee(tmp_path: Path, network: Network) -> None:
    network.l1_fee_model = Network.L1FeeModel.OP_STACK
    network.save()
    taken(tmp_path, network, HEADER, GOOD)
    assert ChainTransaction.objects.get().fee is None


def test_equal_payments_of_one_transaction_are_as_many_as_there_are(
    tmp_path: Path, network: Network
) -> None:
    header = "TxHash,Index,BlockNumber,UnixTimestamp,FromAddress,ToAddress,Type,CallType,Value"
    rows = [f"{TX},{wei},7,1700000000,{OTHER},{OURS},call,call,{wei}," for wei in (5, 6, 5)]
    for _ in range(2):
        taken(tmp_path, network, header + ",ErrCode", *rows)
    amounts = ChainTransfer.objects.order_by("-place").values_list("place", "amount")
    assert list(amounts) == [(-2, 5), (-3, 6), (-4, 5)]
