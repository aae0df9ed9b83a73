"""What a rule set may say, and the sentence for what it may not."""

from pathlib import Path

import pytest
from pytest_django import Settings

from analytics.criteria.library import CriteriaError, all_rule_sets, get_rule_set, read_rule_set

RULES = """
slug = "ours"
version = 1
title = "Ours"
source = "https://example.org"
confidence = "exact"
[networks]
one = 1
[tables]
steps = [[1, 10], [2, 20]]
[metrics.sent]
of = "transactions"
networks = ["one"]
[[rules]]
name = "enough"
text = "Enough"
when = "sent >= 2"
[totals]
points = "met(\\"points\\")"
"""


def refusal(folder: Path, old: str, new: str) -> str:
    path = folder / "ours.toml"
    path.write_text(RULES.replace(old, new))
    with pytest.raises(CriteriaError) as refused:
        read_rule_set(path)
    return str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("sent >= 2", "snt >= 2", "'snt' is none of the metrics, rules and totals above it; did"),
        ("sent >= 2", "sent >=", "cannot be read"),
        ("sent >= 2", "__import__('os')", "calls __import__ wrongly"),
        ("sent >= 2", "sent.__class__", "'sent' is none of the moments"),
        ("sent >= 2", "[x for x in (1,)]", "which no formula may have"),
        ("sent >= 2", "9 ** 9", "which no formula may have"),
        ("sent >= 2", 'step(\\"stairs\\", sent)', "the table 'stairs'"),
        ("[2, 20]", "[2, 5]", "does not rise above"),
        ('["one"]', '["two"]', "metrics.sent: 'two' is none of the networks"),
        ('"transactions"\n', '"transaction"\n', "metrics.sent"),
        ("points =", "point =", "there must be `points` or `amount`"),
        ("version = 1", "version = 1\nmore = 1", "more: Extra inputs are not permitted"),
        ("slug", "=", "is not TOML"),
        ('name = "enough"', 'name = "sent"', "the name 'sent' is used twice"),
        ("sent >= 2", "not " * 4000 + "1", "is longer than 2000 characters"),
        ("sent >= 2", "sent > 1e500", "of more than 40 digits"),
        ("version = 1", "version = 1\nextends = ['a']", "extends ['a'], which is none of"),
        ("version = 1", "version = " + "[" * 5000 + "]" * 5000, "is not TOML"),
        ('["one"]', '["one"]\nfirst_days = {oen = 2024-01-01T00:00:00Z}', "did you mean 'one'?"),
    ],
)
def test_a_mistake_gets_a_sentence(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in refusal(tmp_path, old, new)


def test_every_shipped_rule_set_has_a_source_and_says_what_is_open() -> None:
    shipped = [found for found in all_rule_sets() if not found.own]
    assert len(shipped) == 10
    exact = {found.rules.slug for found in shipped if found.rules.confidence == "exact"}
    assert exact == {"arbitrum-2023", *(f"optimism-{number}" for number in range(1, 6))}
    assert all(found.rules.source and found.rules.unspecified for found in shipped)


def test_an_own_one_lies_in_the_folder_and_takes_no_shipped_slug(
    tmp_path: Path, settings: Settings
) -> None:
    settings.CRITERIA_DIR = tmp_path
    (tmp_path / "ours.toml").write_text(RULES)
    assert get_rule_set("ours").own
    (tmp_path / "ours.toml").write_text(RULES.replace('"ours"', '"optimism-1"'))
    with pytest.raises(CriteriaError, match="is taken"):
        all_rule_sets()


def test_a_shipped_one_can_be_extended_to_another_network_and_time(tmp_path: Path) -> None:
    path = tmp_path / "like.toml"
    path.write_text(
        'extends = "arbitrum-2023"\nslug = "like-arbitrum"\nsnapshot = 2027-01-01T00:00:00Z\n'
        "[networks]\none = 534352\n"
    )
    rules = read_rule_set(path).rules
    assert (rules.networks["one"], rules.networks["nova"]) == (534352, 42170)
    assert (rules.confidence, rules.blocks, len(rules.rules)) == ("approximate", {}, 21)
