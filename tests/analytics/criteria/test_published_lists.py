"""The rule sets against what the published lists of amounts come to."""

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from analytics.criteria.library import get_rule_set
from tests.analytics.criteria.test_optimism import ATTRIBUTES_4, ATTRIBUTES_5, POWER
from tests.analytics.criteria.told import amount, stand

PUBLISHED = tomllib.loads(Path(__file__).with_name("published.toml").read_text())
BOTH = pytest.mark.parametrize("slug", ["optimism-4", "optimism-5"])


def most_with(slug: str, attributes: int) -> Decimal:
    """The greatest amount that so many attributes can bring."""
    if slug == "optimism-5":
        some: dict[str, Any] = dict(list(ATTRIBUTES_5.items())[:attributes])
        found = stand(slug, **POWER, **some, base_reward=10**6)
    else:
        some = dict(list(ATTRIBUTES_4.items())[:attributes])
        found = stand(slug, superchain_gas=10**6, **some)
    assert found.amount is not None
    return found.amount[1]


@BOTH
def test_no_published_amount_is_outside_the_range_of_the_rules(slug: str) -> None:
    told = PUBLISHED[slug]
    assert max(most_with(slug, count) for count in range(8)) == Decimal(told["most"])
    reward = {"optimism-5": {**POWER, "base_reward": told["least"]}}.get(
        slug, {"superchain_gas": Decimal(told["least"]) / 5000}
    )
    assert amount(stand(slug, **reward))[0] == pytest.approx(float(told["least"]))
    least = {"optimism-4": "20", "optimism-5": "50"}[slug]
    assert Decimal(least) <= Decimal(told["least"])


def test_what_stands_often_in_list_5_are_the_caps_of_each_multiplier() -> None:
    """Whoever reached the cap of the base got exactly 150 OP times the multiplier."""
    often = {Decimal(number) for number, _ in PUBLISHED["optimism-5"]["often"]}
    assert {most_with("optimism-5", count) for count in range(8)} == often


@BOTH
def test_the_total_lies_between_what_minimum_and_caps_allow(slug: str) -> None:
    told = PUBLISHED[slug]
    assert sum(told["by_attributes"]) == told["addresses"]
    most = sum(
        most_with(slug, count) * addresses for count, addresses in enumerate(told["by_attributes"])
    )
    least = Decimal(told["least"]) * told["addresses"]
    assert least <= Decimal(told["sum"]) <= most


def test_the_overlap_of_airdrop_1_is_published_for_every_number_of_sets() -> None:
    table = get_rule_set("optimism-1").rules.tables["overlap"]
    assert [(int(sets), str(tokens)) for sets, tokens in table] == [
        (4, "4180.54"),
        (5, "13330.16"),
        (6, "27534.98"),
    ]
