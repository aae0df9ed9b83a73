"""A campaign goes on to any later status, and back only with a reason."""

import pytest

from analytics.campaigns.statuses import change_status
from tests.factories import CampaignFactory
from wallets.models import Transition
from wallets.transactions.operator import NotPossible
from wallets.transitions import LostRace

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def lines() -> list[tuple[str, str, str, str]]:
    rows = Transition.objects.filter(subject="campaign").order_by("id")
    return list(rows.values_list("from_state", "to_state", "reason", "actor"))


def test_it_goes_on_to_any_later_status() -> None:
    campaign = CampaignFactory.create(status="rumoured")
    for to in ("announced", "claimable", "ended"):
        change_status(campaign=campaign, to=to, actor="ann")
    campaign.refresh_from_db()
    assert campaign.status == "ended"
    assert lines()[-1] == ("claimable", "ended", "", "ann")


def test_it_goes_back_only_with_a_reason() -> None:
    campaign = CampaignFactory.create(status="ended")
    with pytest.raises(NotPossible, match="from ended back to announced is a correction"):
        change_status(campaign=campaign, to="announced", actor="ann")
    change_status(campaign=campaign, to="announced", actor="ann", reason="a second season")
    assert lines() == [("ended", "announced", "a second season", "ann")]


def test_who_read_it_before_another_changed_it_changes_nothing() -> None:
    campaign = CampaignFactory.create(status="announced")
    type(campaign).objects.update(status="claimable")
    with pytest.raises(LostRace):
        change_status(campaign=campaign, to="ended", actor="ann")
    assert lines() == []
