"""Every rule of Optimism's airdrops #1 to #5, worked by hand from the documentation's text."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.analytics.criteria.told import amount, days, history, met, stand, when

OP = "0x4200000000000000000000000000000000000042"
DELEGATE = {"recipient": OP, "selector": "0x5c19a95c"}
USER = {"op_span": 24, "op_apps": 1}
REPEAT = {**USER, "op_weeks": 4}
ETHEREUM = {"eth_span": 24, "eth_recent": 1}
SIGNER = {"multisig_executed": 10, "multisig_recent": 1}
PRICED_OUT = {
    "bridged_days": 91,
    "bridged_weeks": 13,
    "bridged_months": 3,
    "months_kept": 3,
    "transactions_kept": 26,
}


@pytest.mark.parametrize(
    ("figures", "tokens"),
    [
        ({"early_bridgings": 1}, "776.86"),
        (USER, "776.86"),
        ({**USER, "op_span": "23.9"}, "0"),
        ({"op_span": 24}, "0"),
        (REPEAT, "2469.35"),  # "Repeat OP Mainnet Users Receive 776.86 + 1,692.49 = 2,469.35 OP"
        ({"op_weeks": 4}, "0"),
        ({**ETHEREUM, "onchain_votes": 1}, "271.83"),
        ({**ETHEREUM, "snapshot_votes": 2}, "271.83"),
        ({**ETHEREUM, "snapshot_votes": 1}, "0"),
        ({"onchain_votes": 1, "eth_span": 23, "eth_recent": 1}, "0"),
        ({"onchain_votes": 1, "eth_span": 24}, "0"),  # nothing after January 1st, 2019
        (SIGNER, "1190.26"),  # signers need no activity of their own
        ({**SIGNER, "multisig_executed": 9}, "0"),
        ({"multisig_executed": 10}, "0"),
        ({**ETHEREUM, "gitcoin": 1}, "555.92"),
        ({**ETHEREUM, **PRICED_OUT}, "409.42"),
        ({**ETHEREUM, **PRICED_OUT, "bridged_days": 89}, "0"),
        ({**ETHEREUM, **PRICED_OUT, "months_kept": 2}, "0"),
        ({**ETHEREUM, **PRICED_OUT, "transactions_kept": 25}, "0"),
        ({**REPEAT, **SIGNER, "filtered": 1}, "0"),
    ],
)
def test_airdrop_1_each_set(figures: dict[str, Any], tokens: str) -> None:
    assert amount(stand("optimism-1", **figures)) == (float(tokens), float(tokens))


@pytest.mark.parametrize(
    ("more", "bonus"),
    [
        ({"onchain_votes": 1}, "0"),  # three sets
        ({"onchain_votes": 1, **SIGNER}, "4180.54"),
        ({"onchain_votes": 1, **SIGNER, "gitcoin": 1}, "13330.16"),
        ({"onchain_votes": 1, **SIGNER, "gitcoin": 1, **PRICED_OUT}, "27534.98"),
    ],
)
def test_airdrop_1_the_overlap_bonus_is_one_of_three(more: dict[str, Any], bonus: str) -> None:
    found = stand("optimism-1", **ETHEREUM, **REPEAT, **more)
    given = {one.rule: one.gives[0] for one in found.rules}
    assert given.pop("active_ethereum") == 1
    assert given["overlap_bonus"] == Decimal(bonus)
    assert found.amount == (sum(given.values(), Decimal(0)),) * 2
    # The four sets of Ethereum without OP Mainnet bring no bonus.
    assert "overlap_bonus" not in met(stand("optimism-1", **ETHEREUM, **more))


def test_airdrop_1_a_vote_that_nobody_attests_is_a_range() -> None:
    found = stand("optimism-1", **ETHEREUM, **USER, onchain_votes=None)
    assert (amount(found), found.status) == ((776.86, 1048.69), "eligible")


@pytest.mark.db
@pytest.mark.django_db
def test_airdrop_1_weeks_count_from_the_first_transaction() -> None:
    """ "days 1 - 7 are considered Week 1, not the calendar week"."""
    told = history("optimism-1")
    for at in days("2021-07-14T12:00", 4, step=7):
        told.sent("op", at)
    # An hour before a week is over it is still the same one.
    told.sent("op", when("2021-07-21T11:00"))
    told.sent("op", when("2021-09-01"), selector="0x095ea7b3")  # an approval is no app transaction
    assert told.found("op_weeks") == (4, 4)


@pytest.mark.db
@pytest.mark.django_db
def test_airdrop_1_priced_out_looks_at_what_followed_the_first_bridging() -> None:
    told = history("optimism-1")
    told.sent("ethereum", "2021-11-15", app=False)
    told.sent("ethereum", "2021-12-15", bridged_cents=100_00)
    for at in ("2021-12-20", "2022-01-05", "2022-01-06", "2022-02-05", "2022-03-05"):
        told.sent("ethereum", at)
    standing = told.standing()
    asks = {ask.metric: ask.found[0] for rule in standing.rules for ask in rule.asks}
    assert asks["bridged_days"] == 100
    told.sent("ethereum", "2022-03-25T00:00")  # the snapshot is over
    # In each of January, February and March; five transactions in fourteen weeks are too few.
    assert "priced_out" not in met(told.standing())
    for moment in days("2021-12-21T01:00", 24):
        told.sent("ethereum", moment, to_contract=False)
    assert "priced_out" in met(told.standing())


@pytest.mark.parametrize(
    ("figures", "tokens"),
    [
        # "20 OP delegated for 100 days: 20 * 100 = 2,000 OP Delegated x Days"
        ({"op_days": 2000}, 0.42 / 365 * 2000),
        ({"op_days": 1999}, 0),
        ({"op_days": 10**7}, 5000 * 1.05),  # capped; as many OP·days are an attribute too
        ({"op_days": 2000, "token_house": 1}, 0),
        ({"gas": "6.10"}, 0.8 * 6.10 / 2),  # OP at $2
        ({"gas": "6.09"}, 0),
        ({"gas": 100}, 40 * 1.05),
        ({"gas": 6.10, "op_delegated": 20}, 0.8 * 6.10 / 2 * 1.05),
        ({"gas": 6.10, "op_delegated": "19.9", "app_months": 6}, 0.8 * 6.10 / 2 * 1.05),
        ({"gas": 20, "op_delegated": 20}, 8 * 1.10),
        ({"gas": 20, "op_delegated": 20, "app_months": 6}, 8 * 1.50),
        (
            {"gas": 20, "op_delegated": 20, "app_months": 6, "op_days": 54_367},
            (8 + 0.42 * 54_367 / 365) * 2,
        ),
    ],
)
def test_airdrop_2_rewards_and_multipliers(figures: dict[str, Any], tokens: float) -> None:
    found = amount(stand("optimism-2", op_price=2, **figures))
    assert found == pytest.approx((tokens, tokens), abs=1e-9)


def test_airdrop_2_what_500_dollars_limit_is_left_open_by_the_text() -> None:
    found = amount(stand("optimism-2", op_price=2, gas=600))
    assert found == pytest.approx((400 / 2 * 1.05, 480 / 2 * 1.05))
    assert amount(stand("optimism-2", op_price=2, gas=1000))[1] == pytest.approx(500 / 2 * 1.05)
    assert amount(stand("optimism-2", op_price=None, gas=600)) == (0, float("inf"))


@pytest.mark.db
@pytest.mark.django_db
def test_airdrop_2_op_days_are_those_after_the_delegation() -> None:
    told = history("optimism-2")
    told.got("op", OP, "20", "2022-09-01")
    told.sent("op", "2022-10-12", **DELEGATE)  # 100 days before the snapshot
    assert told.found("op_days") == (2000, 2000)
    assert told.found("op_delegated") == (20, 20)
    told.got("op", OP, "5", "2023-01-10", direction="out")
    assert told.found("op_days") == (1950, 1950)
    # Whoever calls again may have taken it back.
    told.sent("op", "2022-12-01", **DELEGATE)
    assert told.found("op_days") == (1000, 1950)
    assert told.found("op_delegated") == (0, 15)


@pytest.mark.db
@pytest.mark.django_db
def test_airdrop_2_months_are_trailing_thirty_days_and_wrapping_is_no_app() -> None:
    told = history("optimism-2")
    end = when("2023-01-20")
    for back in (1, 30, 31, 60, 150):  # the last day, the ends of two periods, and the fifth
        told.sent("op", end - timedelta(days=back))
    told.sent(
        "op", end - timedelta(days=179), recipient="0x4200000000000000000000000000000000000006"
    )
    assert told.found("app_months") == (3, 3)


@pytest.mark.parametrize(
    ("figures", "tokens"),
    [
        # "80 OP tokens for 180 days … 14,400 which would NOT qualify"
        ({"op_days": 14_400}, 0),
        # "if the delegate you delegated to was active, then your 14,400 … WOULD receive"
        ({"op_days": 14_400, "voting_days": 14_400}, 3 * 0.67 / 365 * 14_400),
        ({"op_days": 18_000}, 0.67 / 365 * 18_000),
        ({"op_days": 8_999, "voting_days": 8_999}, 0),
        ({"op_days": 18_000, "delegated_days": "6.9"}, 0),
        ({"op_days": 18_000, "program": 1}, 0),
        ({"op_days": 10**8}, 10_000),
        ({"op_days": 10**8, "voting_days": 10**8}, 20_000),
    ],
)
def test_airdrop_3_delegation_and_the_bonus(figures: dict[str, Any], tokens: float) -> None:
    found = amount(stand("optimism-3", **{"delegated_days": 7, **figures}))
    assert found == pytest.approx((tokens, tokens), abs=1e-9)


@pytest.mark.db
@pytest.mark.django_db
def test_airdrop_3_counts_only_the_days_of_its_period() -> None:
    told = history("optimism-3")
    told.got("op", OP, "100", "2022-06-01")
    told.sent("op", "2022-06-02", **DELEGATE)
    assert told.found("op_days") == (18_100, 18_100)  # 181 days
    assert told.found("delegated_days")[0] == 413
    told.attested(op3_voting_op_days=0, op3_delegation_program=0)
    assert amount(told.standing()) == pytest.approx((0.67 * 18_100 / 365,) * 2)


ATTRIBUTES_4 = {"early": 1, "rising": 1, "recent": 1, "half_year_gas": "0.005", "art": 1}


@pytest.mark.parametrize(
    ("figures", "tokens"),
    [
        ({"superchain_gas": "0.004"}, 20),  # "0.002 ETH of gas fees = 10 OP", twice
        ({"superchain_gas": "0.0039"}, 0),
        ({"mainnet_gas": "0.4"}, 20),  # "0.2 ETH of gas fees = 10 OP", twice
        ({"superchain_gas": 1, "mainnet_gas": 1}, 5050),
        ({"superchain_gas": 2}, 6000),
    ],
)
def test_airdrop_4_rewards(figures: dict[str, Any], tokens: float) -> None:
    assert amount(stand("optimism-4", **figures)) == (tokens, tokens)


@pytest.mark.parametrize(("count", "times"), list(enumerate([1, 1.05, 1.10, 1.25, 1.5, 1.5])))
def test_airdrop_4_any_attributes_multiply(count: int, times: float) -> None:
    for names in (list(ATTRIBUTES_4)[:count], list(ATTRIBUTES_4)[::-1][:count]):
        some: dict[str, Any] = {name: ATTRIBUTES_4[name] for name in names}
        found = amount(stand("optimism-4", superchain_gas="0.02", **some))
        assert found == pytest.approx((100 * times,) * 2)
    assert "popular_creator" not in met(stand("optimism-4", half_year_gas="0.0049"))


ATTRIBUTES_5 = {
    "op_days": 9000,
    "busy_weeks": 20,
    "chains": 7,
    "early_chains": 3,
    "quests": 1,
    "superfest": 5,
    "sunnys": 3,
}
POWER = {"contracts": 25, "app_transactions": 100}  # "a ratio of 25%"


@pytest.mark.parametrize(
    ("count", "times"), list(enumerate([1, 1.5, 2.5, 4, 6.75, 10.75, 17.5, 27.5]))
)
def test_airdrop_5_attributes_multiply_and_the_total_is_capped(count: int, times: float) -> None:
    some: dict[str, Any] = {name: ATTRIBUTES_5[name] for name in list(ATTRIBUTES_5)[:count]}
    found = amount(stand("optimism-5", **POWER, **some, base_reward=100))
    assert found == pytest.approx((100 * times,) * 2)
    most = amount(stand("optimism-5", **POWER, **some, base_reward=150))
    assert most == pytest.approx((min(150 * times, 3500),) * 2)
    for name in some:
        below = {**some, name: ATTRIBUTES_5[name] - 1}
        assert amount(stand("optimism-5", **POWER, **below, base_reward=100))[0] < found[0]


@pytest.mark.parametrize(
    ("figures", "tokens"),
    [
        ({"contracts": 19, "app_transactions": 100}, (0, 0)),
        ({"contracts": 20, "app_transactions": 200}, (100, 100)),
        ({"contracts": 20, "app_transactions": 201}, (0, 0)),
        ({**POWER, "base_reward": "49.9"}, (0, 0)),
        ({**POWER, "base_reward": 50}, (50, 50)),
        ({**POWER, "base_reward": 151}, (150, 150)),
        ({**POWER, "base_reward": (0, 150)}, (0, 150)),
    ],
)
def test_airdrop_5_who_qualifies(figures: dict[str, Any], tokens: tuple[int, int]) -> None:
    assert amount(stand("optimism-5", **{"base_reward": 100, **figures})) == tokens


@pytest.mark.db
@pytest.mark.django_db
def test_airdrop_5_weeks_chains_and_contracts_of_a_history() -> None:
    told = history("optimism-5")
    for number in range(10):  # ten in one ISO week, of which nine fall into another
        told.sent("op", when("2024-03-18") + timedelta(hours=number))
        told.sent("base", when("2024-03-31T15:00") + timedelta(hours=number))
    told.sent("op", "2024-03-19", app=False)
    told.sent("lisk", "2024-08-26T23:59")  # in its first week
    told.sent("mint", "2024-07-08")  # a week later is too late
    told.sent("op", "2024-03-14")  # before the period
    assert told.found("busy_weeks") == (1, 1)
    assert told.found("chains") == (4, 4)
    assert told.found("early_chains") == (1, 1)
    assert told.found("contracts") == (4, 4)  # one address on four chains
