"""Allocation in the console: who may ask for what, and what a policy's form refuses."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from airdrops_site.roles import sync_roles
from analytics.models import AllocationPolicy, AllocationRun, Rebalance
from tests import factories
from tests.airdrops_site.test_admin_forms import errors_of, inline
from tests.analytics.allocation.capital import half_and_half, held

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def signed_in(*roles: str) -> Client:
    """Somebody with these roles."""
    sync_roles()
    user = User.objects.create_user(f"a {roles[0]}", is_staff=True)
    user.groups.set(Group.objects.filter(name__in=roles))
    client = Client()
    client.force_login(user)
    return client


def ask(client: Client, row: Any, verb: str, **said: str) -> int:
    """What a press of the button answers."""
    where = f"/admin/analytics/{row._meta.model_name}/ask/{verb}/?id={row.pk}"
    return client.post(where, said).status_code


def policy_form(**bucket: Any) -> dict[str, Any]:
    """Halves, with a bucket."""
    fresh = AllocationPolicy(name="new", method="fixed")
    fields = [one for one in fresh._meta.concrete_fields if one.editable and one.name != "id"]
    values = {one.name: getattr(fresh, one.name) for one in fields}
    row = {"symbol": "", "network": "", "protocol": "", "min_bps": 0, "max_bps": 10_000, **bucket}
    said = {name: "" if value is None else value for name, value in values.items()}
    return {**said, "means_from_history": "", **inline("buckets", row), **inline("caps")}


def test_each_role_may_press_what_is_theirs(db: None) -> None:
    held()
    policy, row = half_and_half(), factories.RebalanceFactory.create()
    assert ask(signed_in("viewer"), policy, "compute") == 403
    operator, approver = signed_in("operator"), signed_in("approver")
    assert ask(operator, policy, "compute") == 302
    assert AllocationRun.objects.get(policy=policy).status == "solved"
    ask(operator, row, "approve")
    assert Rebalance.objects.get().state == "proposed"
    ask(approver, row, "approve", reason="looked at")
    assert Rebalance.objects.get().state == "approved"
    ask(operator, row, "refuse", reason="not now")
    assert (Rebalance.objects.get().state, Rebalance.objects.get().detail) == ("refused", "not now")


@pytest.mark.parametrize(
    ("bucket", "sentence"),
    [
        ({"symbol": "ETH", "network": "scroll"}, "buckets are by symbol"),
        ({"min_bps": 1}, "Name a token, a network or a protocol"),
        ({"symbol": "ETH", "expected_return": "0.1"}, "Say where the expected return is from"),
        ({"symbol": "ETH", "max_bps": 10_001}, "less than or equal to 10000"),
    ],
)
def test_a_bucket_that_says_too_much_or_too_little_is_refused(
    db: None, bucket: dict[str, Any], sentence: str
) -> None:
    administrator = signed_in("administrator")
    where = "/admin/analytics/allocationpolicy/add/"
    assert sentence in errors_of(administrator.post(where, policy_form(**bucket)))
    assert not AllocationPolicy.objects.exists()


def test_a_policy_is_made_with_its_buckets(db: None) -> None:
    administrator = signed_in("administrator")
    where = "/admin/analytics/allocationpolicy/add/"
    answer = administrator.post(where, policy_form(symbol="ETH"))
    assert answer.status_code == 302
    assert str(AllocationPolicy.objects.get().buckets.get()) == "ETH"
