"""What is measured of tokens held and of positions, and what people say of it."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pytest_django import Settings

from analytics.criteria.attesting import Stated, attest, read_statements
from analytics.criteria.evaluation import evaluate
from analytics.criteria.library import CriteriaError
from analytics.criteria.metric_models import PositionMetric, TransferMetric
from analytics.criteria.metrics.asking import Asking
from analytics.criteria.metrics.positions import measure_positions
from analytics.criteria.metrics.transfers import measure_transfers
from analytics.criteria.recording import evaluate_campaign
from analytics.models import Attestation, ChainScan, Eligibility
from tests import factories
from tests.analytics.criteria.test_rule_sets import RULES
from tests.analytics.criteria.told import History, history, when
from wallets.models import Network, Token

pytestmark = [pytest.mark.django_db, pytest.mark.db]
TOKEN = "0x4200000000000000000000000000000000000042"
KEY = ("", "it")


def held(told: History, **more: object) -> tuple[float, float]:
    """Of the token on OP Mainnet, until January 20th, 2023."""
    options = {"of": "transfers", "network": "op", "token": TOKEN, **more}
    metric = TransferMetric.model_validate(options)
    asking = Asking.of(told.rules, now=when("2026-01-01"))
    low, high = measure_transfers(asking, KEY, metric)[told.wallet.pk][KEY]
    return float(low), float(high)


def test_an_average_weighs_each_balance_with_its_time() -> None:
    told = history("optimism-2")
    told.got("op", TOKEN, "10", "2022-12-01")  # before the time: there when it begins
    told.got("op", TOKEN, "30", "2023-01-15")
    told.got("op", TOKEN, "40", "2023-01-19", direction="out")
    since = when("2023-01-10")
    # 5 days of 10, 4 days of 40, a day of none.
    assert held(told, measure="average", since=since) == (21, 21)
    assert held(told, measure="token_days", since=since) == (210, 210)
    assert held(told, measure="balance") == (0, 0)


@pytest.mark.parametrize(("reached", "unread"), [("2023-01-19", ("op",)), ("2023-01-20", ())])
def test_a_reading_that_was_stopped_is_not_a_whole_history(
    reached: str, unread: tuple[str, ...]
) -> None:
    told = history("optimism-2", read=False)
    told.read("op")
    # Read long after the snapshot, up to a block of whose time nobody knows more than this.
    ChainScan.objects.update(last_block=5, final_at=when(reached))
    assert told.standing().unread == unread


def test_a_reading_of_last_year_says_nothing_about_now() -> None:
    told = history("optimism-2")
    rules = told.rules.model_copy(update={"snapshot": None})
    ChainScan.objects.update(final_at=when("2026-01-01"))
    for months, unread in ((0, ()), (12, ("op",))):
        now = when("2026-01-01") + timedelta(days=30 * months)
        assert evaluate(rules, wallets=[told.wallet.pk], now=now)[0].unread == unread


def test_coins_are_unknown_where_the_node_could_not_see_them_all() -> None:
    told = history("optimism-2")
    assert told.standing().unread == ()
    ChainScan.objects.update(problem="it does not trace")
    assert held(told, measure="balance", token="") == (0, float("inf"))


def test_more_out_than_in_is_a_history_with_gaps() -> None:
    told = history("optimism-2")
    told.got("op", TOKEN, "1", "2022-12-01", direction="out")
    assert held(told, measure="balance") == (0, float("inf"))


def test_coins_that_only_a_node_told_of_are_unknown() -> None:
    told = history("optimism-2")
    told.got("op", "", "1", "2022-12-01")
    told.sent("op", "2022-12-02", fee=10**17)
    assert held(told, measure="balance", token="") == (0.9, 0.9)
    told.got("op", "", "1", "2022-12-03", source="rpc")
    assert held(told, measure="balance", token="") == (0, float("inf"))


def test_two_positions_at_once_count_their_days_once() -> None:
    told = history("optimism-2")
    network = told.networks["op"]
    for days, kind, symbol in ((10, "out", "A"), (8, "out", "B"), (6, "in", "A"), (3, "in", "B")):
        entry = factories.LedgerEntryFactory.create(
            wallet=told.wallet, kind=kind, amount=5, account="protocol", protocol="aave"
        )
        entry.token = told_token(network, symbol)
        entry.occurred_at = when("2023-01-20") - timedelta(days=days)
        entry.save()
    metric = PositionMetric(of="positions", networks=("op",), protocols=("aave",))
    asking = Asking.of(told.rules, now=when("2026-01-01"))
    found = measure_positions(asking, KEY, metric)[told.wallet.pk][KEY]
    assert [int(one) for one in found] == [7, 7]


def told_token(network: Network, symbol: str) -> Token:
    known = Token.objects.filter(network=network, symbol=symbol).first()
    return known or factories.TokenFactory.create(network=network, symbol=symbol)


def test_a_file_of_facts_is_kept_whole_or_not_at_all() -> None:
    wallet = factories.WalletFactory.create(label="farm-1")
    good = f"wallet,fact,value,source\n{wallet.address},hop-sybil,no,the list\n"
    with pytest.raises(CriteriaError, match="line 3: no wallet has the label or address 'x'"):
        attest(read_statements(good + "x,hop-sybil,1,list\n", "facts.csv"), actor="ann")
    with pytest.raises(CriteriaError, match="line 3: the value 'perhaps' is no number"):
        attest(read_statements(good + "farm-1,badge,perhaps,list\n", "facts.csv"), actor="ann")
    assert not Attestation.objects.exists()
    assert attest(read_statements(good, "facts.csv"), actor="ann") == 1
    assert attest(read_statements(good.replace(",no,", ",yes,"), "facts.csv"), actor="ben") == 1
    assert Attestation.objects.get().value == 1


def test_points_without_an_end_downwards_are_kept(tmp_path: Path, settings: Settings) -> None:
    settings.CRITERIA_DIR = tmp_path
    told = RULES.replace('met(\\"points\\")', "1 - sent").replace('"ours"', '"less"')
    (tmp_path / "less.toml").write_text(told)
    factories.WalletFactory.create()  # of which nothing was read
    campaign = factories.CampaignFactory.create(criteria="less")
    evaluation, _ = evaluate_campaign(campaign=campaign, actor="ann")
    assert [one.points_to for one in evaluation.results.all()] == [1]


def test_a_fact_may_have_all_the_digits_that_are_kept() -> None:
    factories.WalletFactory.create(label="farm-1")
    attest([Stated("farm-1", "op2-op-days", "123456789012", "a node", "typed")], actor="ann")
    assert Attestation.objects.get().value == 123456789012


def test_what_another_source_said_of_an_eligibility_stays() -> None:
    token = factories.TokenFactory.create()
    campaign = factories.CampaignFactory.create(criteria="arbitrum-2023", token=token)
    told = history("arbitrum-2023")
    told.attested(hop_sybil=0, arbitrum_one_balance=1)
    for month in range(1, 7):
        told.sent("one", f"2022-{month:02}-03")
    for source, status, tokens in (("", "eligible", 1250), ("a list", "not_eligible", None)):
        Eligibility.objects.all().delete()
        if source:
            Eligibility.objects.create(
                campaign=campaign, wallet=told.wallet, status="not_eligible", source=source
            )
        evaluation, _ = evaluate_campaign(campaign=campaign, actor="ann")
        found = Eligibility.objects.get(wallet=told.wallet)
        assert (found.status, found.points, len(found.details)) == (status, Decimal(3), 21)
        assert found.amount == (tokens and tokens * 10**token.decimals)
    assert evaluation.eligible == 1
    assert campaign.evaluations.count() == 2
