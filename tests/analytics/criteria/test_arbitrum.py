"""Every rule of the Arbitrum airdrop of 2023, worked by hand from the Foundation's text."""

import pytest

from tests.analytics.criteria.told import amount, history, met, points, stand

SLUG = "arbitrum-2023"
LONG = {"one_span": 1000, "one_balance": 1}
FOUR = {"one_bridgings": 1, "one_months": 9}  # bridged; two, six and nine months


@pytest.mark.parametrize(
    ("metric", "below", "reached", "rule"),
    [
        ("one_bridgings", 0, 1, "one_1"),
        ("one_months", 1, 2, "one_2"),
        ("one_months", 5, 6, "one_3"),
        ("one_months", 8, 9, "one_4"),
        ("one_transactions", 4, 5, "one_5"),
        ("one_contracts", 4, 5, "one_5"),
        ("one_transactions", 10, 11, "one_6"),
        ("one_contracts", 10, 11, "one_6"),
        ("one_transactions", 25, 26, "one_7"),
        ("one_contracts", 25, 26, "one_7"),
        ("one_transactions", 100, 101, "one_8"),
        ("one_contracts", 100, 101, "one_8"),
        ("one_volume", 10_000, "10000.01", "one_9"),
        ("one_volume", 50_000, "50000.01", "one_10"),
        ("one_volume", 250_000, "250000.01", "one_11"),
        ("one_bridged", 10_000, "10000.01", "one_12"),
        ("one_bridged", 50_000, "50000.01", "one_13"),
        ("one_bridged", 250_000, "250000.01", "one_14"),
        ("nova_bridgings", 0, 1, "nova_1"),
        ("nova_transactions", 3, 4, "nova_2"),
        ("nova_transactions", 5, 6, "nova_3"),
        ("nova_transactions", 10, 11, "nova_4"),
    ],
)
def test_a_point_for_each_action(metric: str, below: int, reached: int, rule: str) -> None:
    assert rule not in met(stand(SLUG, **LONG, **{metric: below}))
    assert rule in met(stand(SLUG, **LONG, **{metric: reached}))


@pytest.mark.parametrize(
    ("scored", "tokens"),
    list(
        enumerate((0, 1250, 1750, 2250, 3250, 3750, 4250, 6250, 6750, 7250, 10250, 10250, 10250), 2)
    ),
)
def test_points_before_nitro_are_worth_the_table_and_later_ones_half(
    scored: int, tokens: int
) -> None:
    # In this order every further figure gives exactly one point more.
    ladder: list[dict[str, int]] = [
        {"one_bridgings": 1},
        *({"one_months": n} for n in (2, 6, 9)),
        *({"one_transactions": n} for n in (5, 11, 26, 101)),
        *({"one_volume": n} for n in (10_001, 50_001, 250_001)),
        *({"one_bridged": n} for n in (10_001, 50_001, 250_001)),
    ]
    figures = {name: value for step in ladder[:scored] for name, value in step.items()}
    early, late = stand(SLUG, nitro=figures, **LONG, **figures), stand(SLUG, **LONG, **figures)
    assert points(early) == points(late) == (scored, scored)
    assert amount(early) == (tokens, tokens)
    assert amount(late) == (tokens / 2, tokens / 2)


def test_nova_brings_up_to_four_points_or_one_more_above() -> None:
    nova = {"nova_bridgings": 1, "nova_transactions": 11}  # all four
    assert points(stand(SLUG, **LONG, **nova, one_bridgings=1)) == (4, 4)
    assert points(stand(SLUG, **LONG, **nova, **FOUR)) == (5, 5)
    assert points(stand(SLUG, **LONG, nova_bridgings=1, one_months=6)) == (3, 3)


def test_points_are_capped_at_fifteen() -> None:
    most = {"one_volume": 10**6, "one_bridged": 10**6, "one_transactions": 101}
    nova = {"nova_bridgings": 1, "nova_transactions": 11}
    assert points(stand(SLUG, **LONG, **FOUR, **most, **nova)) == (15, 15)


def test_all_within_48_hours_takes_a_point() -> None:
    figures = {**FOUR, "one_transactions": 5, "one_balance": 1}
    assert points(stand(SLUG, **figures, one_span=48)) == (4, 4)
    assert points(stand(SLUG, **figures, one_span="48.1")) == (5, 5)


def test_nearly_empty_with_one_contract_takes_a_point() -> None:
    figures = {**FOUR, "one_span": 1000}
    assert points(stand(SLUG, **figures, one_balance="0.0049", one_contracts=1)) == (3, 3)
    assert points(stand(SLUG, **figures, one_balance="0.0049", one_contracts=2)) == (4, 4)
    assert points(stand(SLUG, **figures, one_balance="0.005", one_contracts=1)) == (4, 4)


def test_a_sybil_of_the_hop_bounty_gets_nothing_and_who_is_unknown_a_range() -> None:
    figures = {**LONG, **FOUR}
    assert amount(stand(SLUG, **figures, hop_sybil=1)) == (0, 0)
    assert amount(stand(SLUG, **figures, hop_sybil=0)) == (875, 875)
    unknown = stand(SLUG, **figures, hop_sybil=(0, 1))
    assert (amount(unknown), unknown.status) == ((0, 875), "unknown")


def test_the_mixed_case_adds_half_of_what_the_table_gives_more() -> None:
    # Four points before Nitro (1,750), eight in all (4,250): 1,750 + (4,250 - 1,750) / 2.
    later = {"one_transactions": 101}
    assert amount(stand(SLUG, nitro=FOUR, **LONG, **FOUR, **later)) == (3000, 3000)
    # Two before Nitro: fully eligible only after it, so all of them are worth half.
    assert amount(stand(SLUG, nitro={"one_months": 6}, **LONG, **FOUR, **later)) == (2125, 2125)


@pytest.mark.db
@pytest.mark.django_db
def test_a_history_is_counted_to_the_block_and_to_the_month() -> None:
    told = history(SLUG)
    told.attested(hop_sybil=0, arbitrum_one_balance=1)
    inbox = "0x4Dbd4fc535Ac27206064B68FfCf827b0A60BAB3f"
    told.sent("ethereum", "2022-01-02", recipient=inbox, bridged_cents=1_000_001)
    for month in range(1, 10):
        last = told.sent("one", f"2022-{month:02}-03", volume_cents=200_000)
    # Counted by blocks: this one is in the last block before Nitro, that one in the first of it.
    for block in (22_207_816, 22_207_817, 58_642_080, 58_642_081):
        told.sent("one", last.block_at, block_number=block)
    standing = told.standing()
    # Bridged, >$10,000 bridged, 2/6/9 months, >4, >10 transactions, >$10,000 volume.
    assert points(standing) == (8, 8)
    assert told.found("one_transactions") == (12, 12)
    # Before Nitro there were ten transactions, not more than ten: 3,750 and half of 500 more.
    assert amount(standing) == (4000, 4000)


@pytest.mark.db
@pytest.mark.django_db
def test_what_is_attested_of_the_snapshot_is_no_point_before_nitro() -> None:
    told = history(SLUG)
    told.attested(hop_sybil=0, arbitrum_one_balance=1, arbitrum_one_bridged_usd=300_000)
    # Three points: halves of 1,250 if all of it came after Nitro, whole if before.
    assert amount(told.standing()) == (625, 1250)
    told.attested(arbitrum_one_bridged_usd_nitro=0)
    assert amount(told.standing()) == (625, 625)


@pytest.mark.db
@pytest.mark.django_db
def test_what_was_not_read_or_priced_is_at_least_what_is_there() -> None:
    told = history(SLUG, read=False)
    told.attested(hop_sybil=0, arbitrum_one_balance=1)
    told.sent("one", "2022-01-03", volume_cents=None)
    unread = told.standing()
    assert unread.unread == ("ethereum", "nova", "one")
    assert amount(unread) == (0, 10250)
    assumed = {rule.rule: rule.met for rule in told.standing(assume_complete=True).rules}
    # One transaction is all there is then; only its value stays unknown.
    assert (assumed["one_2"], assumed["one_5"], assumed["one_9"]) == (False, False, None)
