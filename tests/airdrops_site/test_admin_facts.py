"""Chain facts and history can be seen and never changed; what is private does not come out."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from airdrops_site.roles import ROLES, rights_of, sync_roles
from analytics.models import EquityPoint, LedgerCursor, LedgerEntry, Unbooked
from protocols.admin import DEPLOYMENT_VERBS
from protocols.models import Deployment, PositionReading, PositionRow
from scheduling.allowance_pages import VERBS as ALLOWANCE_VERBS
from scheduling.models import Occurrence, RiskReading, Run, RunAllowance, Step
from scheduling.run_admin import RUN_VERBS
from tests import factories
from wallets import models as floor
from wallets.admin.verbs import LANE_VERBS, REQUEST_VERBS, TRANSACTION_VERBS
from wallets.models import EmergencyStop

pytestmark = [pytest.mark.django_db, pytest.mark.db]

FACTS: tuple[type[Model], ...] = (
    floor.Transaction,
    floor.Attempt,
    floor.EndpointAnswer,
    floor.Receipt,
    floor.Transition,
    floor.SignedRequest,
    floor.SpendReservation,
    floor.Allowance,
    floor.NonceLane,
    floor.PolicyRule,
    floor.EmergencyStop,
    floor.Installation,
    floor.WakeUp,
    floor.WorkerCluster,
    floor.Lease,
    Deployment,
    Occurrence,
    Run,
    RunAllowance,
    Step,
    LedgerEntry,
    LedgerCursor,
    Unbooked,
    EquityPoint,
    PositionReading,
    PositionRow,
    RiskReading,
    floor.PricePoint,
)


# What is asked of a service that checks it, and leaves the facts to what comes of it.
EVERY_VERB = (
    *TRANSACTION_VERBS,
    *LANE_VERBS,
    *REQUEST_VERBS,
    *ALLOWANCE_VERBS,
    *DEPLOYMENT_VERBS,
    *RUN_VERBS,
)
ASKED = {verb.name for verb in EVERY_VERB}


def code_of(model: type[Model], verb: str) -> str:
    return f"{model._meta.app_label}.{verb}_{model._meta.model_name}"


@pytest.fixture
def superuser(client: Client) -> Client:
    """Somebody whom no permission stops."""
    client.force_login(User.objects.create_superuser("root"))
    return client


def sign_in(client: Client, *roles: str) -> User:
    sync_roles()
    person = factories.UserFactory.create()
    person.groups.set(Group.objects.filter(name__in=roles))
    client.force_login(person)
    return person


@pytest.mark.parametrize("model", FACTS, ids=lambda model: model.__name__)
@pytest.mark.parametrize("verb", ["add", "change", "delete"])
def test_nobody_changes_facts(superuser: Client, model: type[Model], verb: str) -> None:
    request = superuser.get("/admin/").wsgi_request
    page = admin.site._registry[model]
    assert not getattr(page, f"has_{verb}_permission")(request)
    assert set(page.get_actions(request)) <= ASKED
    assert not any(code_of(model, verb) in rights_of(role) for role in ROLES)


def test_a_posted_change_of_a_transaction_is_refused(superuser: Client) -> None:
    row = factories.TransactionFactory.create()
    page = reverse("admin:wallets_transaction_change", args=[row.pk])
    assert superuser.post(page, {"state": "final"}).status_code == 403
    assert superuser.post(page.replace("change", "delete")).status_code == 403
    row.refresh_from_db()
    assert row.state == "queued"


def test_the_stop_is_not_turned_by_a_form(superuser: Client) -> None:
    stop = EmergencyStop.objects.get()
    page = reverse("admin:wallets_emergencystop_change", args=[stop.pk])
    assert superuser.post(page, {"engaged": "on"}).status_code == 403


def test_signed_bytes_are_on_no_page(superuser: Client) -> None:
    attempt = factories.ReceiptFactory.create().attempt
    raw = bytes(attempt.raw).hex()
    for page in (
        reverse("admin:wallets_transaction_change", args=[attempt.transaction_id]),
        reverse("admin:wallets_attempt_change", args=[attempt.pk]),
        reverse("admin:wallets_attempt_changelist"),
    ):
        shown = superuser.get(page).content.decode()
        assert attempt.hash in shown
        assert raw not in shown
        assert raw[:32] not in shown


def test_signatures_of_requests_are_on_no_page(superuser: Client) -> None:
    row = factories.SignedRequestFactory.create()
    shown = superuser.get(reverse("admin:wallets_signedrequest_change", args=[row.pk]))
    assert bytes(row.signature or b"").hex() not in shown.content.decode()


@pytest.mark.parametrize("view", ["changelist", "change"])
def test_urls_of_endpoints_are_masked_for_who_may_only_look(client: Client, view: str) -> None:
    row = factories.RpcEndpointFactory.create(
        url="https://user:pa55word@rpc.example/v2/abc?key=s3cret"
    )
    sign_in(client, "viewer")
    arguments = [row.pk] if view == "change" else []
    page = client.get(reverse(f"admin:wallets_rpcendpoint_{view}", args=arguments))
    shown = page.content.decode()
    assert "https://rpc.example/…" in shown
    assert not any(secret in shown for secret in ("pa55word", "s3cret", "/v2/abc"))


def test_a_url_with_a_credential_does_not_come_back_in_the_form(superuser: Client) -> None:
    row = factories.RpcEndpointFactory.create(url="https://rpc.example/v2/abc?apikey=s3cret")
    network = reverse("admin:wallets_network_change", args=[row.network_id])
    for page in (reverse("admin:wallets_rpcendpoint_change", args=[row.pk]), network):
        assert "s3cret" not in superuser.get(page).content.decode()


def test_a_viewer_sees_everything_of_ours_and_changes_nothing(client: Client) -> None:
    sign_in(client, "viewer")
    task = factories.TaskFactory.create(name="Weekly swap")
    page = reverse("admin:scheduling_task_change", args=[task.pk])
    assert "Weekly swap" in client.get(page).content.decode()
    assert client.post(page, {"name": "Mine"}).status_code == 403
    assert client.get(reverse("admin:wallets_wallet_add")).status_code == 403
    assert client.get(reverse("admin:auth_user_changelist")).status_code == 403


def test_roles_are_written_again_as_the_code_knows_them() -> None:
    sync_roles()
    Group.objects.get(name="viewer").permissions.clear()
    sync_roles()
    assert Group.objects.count() == 4
    viewer = Group.objects.get(name="viewer")
    assert viewer.permissions.count() == len(rights_of("viewer"))


def test_an_administrator_makes_nobody_a_superuser(client: Client) -> None:
    me = sign_in(client, "administrator")
    page = reverse("admin:auth_user_change", args=[me.pk])
    form = {"username": me.username, "is_staff": "on", "is_active": "on", "is_superuser": "on"}
    client.post(page, {**form, "date_joined_0": "2026-11-24", "date_joined_1": "12:00:00"})
    me.refresh_from_db()
    assert not me.is_superuser


def test_an_administrator_does_not_touch_a_superuser(client: Client) -> None:
    root = User.objects.create_superuser("root")
    sign_in(client, "administrator")
    for view in ("auth_user_change", "auth_user_password_change"):
        page = reverse(f"admin:{view}", args=[root.pk])
        assert client.post(page, {"username": "mine"}).status_code == 403


@pytest.mark.parametrize("label", ["django_q.Schedule", "django_q.OrmQ", "django_q.Success"])
def test_nobody_adds_a_job_by_hand(superuser: Client, label: str) -> None:
    # A job names the function it runs: whoever adds one runs any code.
    app, _, model = label.lower().partition(".")
    assert superuser.get(reverse(f"admin:{app}_{model}_add")).status_code == 403


@pytest.mark.parametrize(
    ("action", "state"), [("settle_as_done", "acknowledged"), ("settle_as_not_done", "rejected")]
)
def test_an_operator_says_what_a_venue_did(client: Client, action: str, state: str) -> None:
    sign_in(client, "operator")
    row = factories.SignedRequestFactory.create(state="needs_operator", times_sent=1)
    page = reverse("admin:wallets_signedrequest_ask", args=[action])
    client.post(f"{page}?id={row.pk}", {"reason": "looked it up"})
    row.refresh_from_db()
    assert (row.state, row.detail) == (state, "looked it up")
