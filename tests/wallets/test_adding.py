"""A file of wallets is added whole or not at all, and what is wrong in it is named by line."""

import io
import tracemalloc
from collections.abc import Iterator

import pytest
from eth_account import Account
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from protocols.models import Deployment, Protocol
from tests.factories.networks import NetworkFactory, TokenFactory
from tests.factories.signing import WalletFactory
from tests.factories.values import an_address
from wallets.adding.bulk import Added, add_wallets
from wallets.adding.rows import NewWallet, Refusal, read_rows
from wallets.models import Transition, Wallet, WalletTag

HEADER = "label,address,signer,tags\n"
pytestmark = [pytest.mark.django_db, pytest.mark.db]


def line(number: int, *, label: str = "", address: str = "", signer: str = "watch_only") -> str:
    return f"{label or f'wallet-{number}'},{address or an_address(number)},{signer},farm;batch-1\n"


def add(text: str, *, dry_run: bool = False) -> Added:
    rows = read_rows(io.StringIO(text, newline=""))
    return add_wallets(rows, actor="tests", reason="a file", dry_run=dry_run)


def refusals(text: str) -> list[str]:
    added = add(text)
    assert Wallet.objects.filter(label__startswith="wallet").count() == 0
    return [str(refusal) for refusal in added.refusals]


def test_wallets_come_in_unverified_with_tags_history_and_work_for_the_workers() -> None:
    added = add(HEADER + line(1) + line(2, signer="keystore:two.json"))
    assert (added.rows, added.refusals) == (2, [])
    watched, kept = Wallet.objects.order_by("label")
    assert (watched.status, watched.verify_at) == ("unverified", None)
    assert (kept.status, kept.signer_reference) == ("unverified", "two.json")
    assert kept.verify_at is not None
    assert sorted(kept.tags.values_list("name", flat=True)) == ["batch-1", "farm"]
    told = Transition.objects.get(subject="wallet", subject_id=kept.pk)
    assert (told.to_state, told.reason, told.actor) == ("unverified", "a file", "tests")


def test_columns_may_stand_in_any_order_and_a_group_beside_them() -> None:
    add(f"signer,group,label,address\nwatch_only,north,wallet-1,{an_address(1)}\n")
    assert str(Wallet.objects.get().group) == "north"


def test_a_dry_run_writes_nothing() -> None:
    assert add(HEADER + line(1), dry_run=True).refusals == []
    assert (Wallet.objects.count(), WalletTag.objects.count(), Transition.objects.count()) == (
        0,
        0,
        0,
    )


def test_one_bad_line_of_many_keeps_all_out() -> None:
    lines = [line(number) for number in range(1500)]
    lines[1234] = line(1234, address="0x1234")
    (said,) = refusals(HEADER + "".join(lines))
    assert said == "line 1236: '0x1234' is not an address: write 0x and 40 hex digits"
    assert not WalletTag.objects.exists()


@pytest.mark.parametrize("apart", [0, 1, 700])
def test_duplicates_in_the_file_are_refused_however_far_apart(apart: int) -> None:
    between = "".join(line(number) for number in range(100, 100 + apart))
    again = line(2, address=an_address(1))
    assert refusals(HEADER + line(1) + between + again) == [
        f"line {apart + 3}: {an_address(1)} is already the wallet 'wallet-1'"
    ]
    again = line(2, label="wallet-1")
    assert refusals(HEADER + line(1) + between + again) == [
        f"line {apart + 3}: the label 'wallet-1' is already used"
    ]


def test_what_the_database_has_already_is_refused() -> None:
    known = WalletFactory.create(label="known")
    assert refusals(HEADER + line(1, address=known.address) + line(2, label="known")) == [
        f"line 2: {known.address} is already the wallet 'known'",
        "line 3: the label 'known' is already used",
    ]


def test_our_own_contracts_and_the_zero_address_are_refused() -> None:
    network = NetworkFactory.create(slug="l1")
    token = TokenFactory.create(network=network, symbol="USDC")
    evm = Protocol.objects.create(slug="evm", name="EVM")
    router = Deployment.objects.create(
        protocol=evm, network=network, role="router", address=an_address("router"), source="s"
    )
    zero = "0x" + "0" * 40
    addresses = (token.address, router.address, zero)
    lines = [line(number, address=one) for number, one in enumerate(addresses)]
    assert refusals(HEADER + "".join(lines)) == [
        f"line 2: {token.address} is the token USDC on l1",
        f"line 3: {router.address} is the contract router on l1",
        f"line 4: {zero} is the zero address, which nobody has the key of",
    ]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"address": to_checksum_address("0x" + "ab" * 20).swapcase().replace("X", "x")},
         "wrong checksum"),
        ({"label": "=HYPERLINK(1)"}, "begins like a formula"),
        ({"label": "@sum"}, "begins like a formula"),
        ({"label": "a\u202eb"}, "characters that do not print"),
        ({"label": "x" * 81}, "longer than 80"),
        ({"signer": "paper"}, "the signer is none of keystore"),
        ({"signer": "keystore:../x.json"}, "is not the name of a keystore file"),
        ({"signer": "mnemonic:x.json"}, "is not like phrase.json#7"),
        ({"signer": "environment:main"}, "capitals, digits and _"),
        ({"signer": "watch_only:x"}, "has no reference"),
        ({"signer": "aws_kms:a key"}, "a KMS key is named by"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_a_sentence(fields: dict[str, str], sentence: str) -> None:
    (said,) = refusals(HEADER + line(1, **fields))
    assert said.startswith("line 2: ")
    assert sentence in said


@pytest.mark.parametrize("column", ["label", "address", "signer"])
@pytest.mark.parametrize("prefix", ["", "0x", "keystore:", "mnemonic:"])
def test_a_key_or_a_phrase_in_the_file_is_refused_and_never_repeated(
    column: str, prefix: str
) -> None:
    for secret in (bytes(Account.create().key).hex(), "test " * 11 + "junk"):
        (said,) = refusals(HEADER + line(1, **{column: prefix + secret}))
        assert secret.strip()[:20] not in said
        assert secret.strip()[-12:] not in said


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "line 1: the first line names the columns: label,address,signer,tags"),
        ("label,address\n", "line 1: the first line names the columns"),
        ("label,address,signer,colour\n", "line 1: the first line names the columns"),
        (HEADER, "line 1: the file has no wallets"),
        (HEADER + "a,b\n", "line 2: it has 2 values, not 4"),
        (HEADER + '"a"b,c,d,e\n', "line 2: it is no CSV"),
        (HEADER + "x" * 5000, "line 2: it is longer than 4096 characters"),
        (HEADER + line(1) + '"open', "line 3: it is no CSV"),
    ],
)
def test_a_file_that_is_none_is_a_sentence(text: str, sentence: str) -> None:
    assert refusals(text)[0].startswith(sentence)


def test_the_line_is_the_one_an_editor_shows() -> None:
    text = HEADER + "\r\n" + '"wallet\nin two lines",x,watch_only,\n' + line(1, address="nowhere")
    assert [said.partition(":")[0] for said in refusals(text)] == ["line 3", "line 5"]


def test_bytes_that_are_no_text_are_named_by_line() -> None:
    file = io.TextIOWrapper(io.BytesIO(HEADER.encode() + b"wallet-\xff,x,y,\n"), "utf-8")
    (said,) = [row for row in read_rows(file) if isinstance(row, Refusal)]
    assert said.reason == "it is not UTF-8 text"


def test_more_than_the_most_are_refused() -> None:
    lines = "".join(line(number, address="0x" + f"{number + 1:040x}") for number in range(10_001))
    assert refusals(HEADER + lines) == ["line 10002: a file has at most 10,000 wallets; split it"]


def test_a_file_full_of_mistakes_ends_after_twenty() -> None:
    lines = "".join(line(number, address="0x1") for number in range(2000))
    assert len(refusals(HEADER + lines)) == 20


def many(count: int) -> Iterator[str]:
    yield HEADER
    for number in range(count):
        yield line(number, address="0x" + f"{number + 1:040x}")


def peak_of(count: int) -> int:
    text = io.StringIO("".join(many(count)), newline="")
    tracemalloc.start()
    added = add_wallets(read_rows(text), actor="tests", reason="a file", dry_run=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (added.rows, added.refusals) == (count, [])
    return peak


def test_twice_the_rows_need_no_more_memory() -> None:
    """`make bench` has the figures of 10,000."""
    # A few thousand checksums of addresses are kept: those of all these, before it counts.
    peak_of(3000)
    # When garbage is collected is chance: the least of some tries is what is needed.
    twice, once = (min(peak_of(count) for _ in range(3)) for count in (3000, 1500))
    assert twice < 1.4 * once


@given(st.text(max_size=300))
def test_no_text_whatever_breaks_the_reader(text: str) -> None:
    for row in read_rows(io.StringIO(HEADER + text, newline="")):
        assert isinstance(row, NewWallet | Refusal)
