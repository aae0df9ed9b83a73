"""Every page of the console opens, costs what it costs however long the list, and links on."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.core.cache import cache
from django.db import connection
from django.db.models import Model
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from airdrops_site.roles import OUR_APPS
from tests import factories
from wallets.console.pages import ConsoleAdmin
from wallets.console.paging import AtLeast, CappedPaginator
from wallets.models import EmergencyStop, Installation, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]

FACTORIES: dict[type[Model], Callable[[], Any]] = {
    made._meta.model: made.create
    for made in vars(factories).values()
    if hasattr(made, "_meta") and made is not factories.NativeCoinFactory
}
OURS = [model for model in admin.site._registry if model._meta.app_label in OUR_APPS]
# There is one row of each, made by a migration.
SINGLE: tuple[type[Model], ...] = (Installation, EmergencyStop)
MADE = [model for model in OURS if model not in SINGLE]
GET_ACTIONS = ("actions_row", "actions_detail", "actions_list", "actions_submit_line")


def page(model: type[Model], view: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}", args=args)


def name_of(model: type[Model]) -> str:
    return model._meta.label


@pytest.fixture(autouse=True)
def _nothing_cached() -> None:
    cache.clear()


def test_every_model_of_ours_is_in_the_console() -> None:
    from django.apps import apps

    models = {model for app in OUR_APPS for model in apps.get_app_config(app).get_models()}
    assert models == set(OURS)


def test_every_page_is_of_the_consoles_kind() -> None:
    strangers = {
        model
        for model, registered in admin.site._registry.items()
        if not isinstance(registered, ConsoleAdmin)
    }
    assert not strangers


@pytest.mark.parametrize("model", admin.site._registry, ids=name_of)
def test_every_list_opens(operator: Client, model: type[Model]) -> None:
    assert operator.get(page(model, "changelist")).status_code == 200


@pytest.mark.parametrize("model", MADE, ids=name_of)
def test_every_row_opens(operator: Client, model: type[Model]) -> None:
    row = FACTORIES[model]()
    answer = operator.get(page(model, "change", row.pk))
    assert answer.status_code == 200


@pytest.mark.parametrize("model", SINGLE, ids=name_of)
def test_the_rows_there_is_one_of_open(operator: Client, model: type[Model]) -> None:
    row = model._default_manager.get()
    assert operator.get(page(model, "change", row.pk)).status_code == 200


@pytest.mark.parametrize("model", MADE, ids=name_of)
def test_a_longer_list_costs_no_more_queries(operator: Client, model: type[Model]) -> None:
    counts = []
    for more in (3, 27):
        for _ in range(more):
            FACTORIES[model]()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert operator.get(page(model, "changelist")).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 15


@pytest.mark.parametrize("model", admin.site._registry, ids=name_of)
def test_every_list_can_be_searched_for_anything(
    operator: Client, rf: RequestFactory, model: type[Model]
) -> None:
    url = page(model, "changelist")
    shown = operator.get(url, {"q": "some words"})
    assert shown.status_code == 200
    for term in ("0x" + "ab" * 32, "0x" + "AB" * 20, "17", "0x12'"):
        # Drawing the page is what takes long.
        request = rf.get(url, {"q": term})
        request.user = shown.wsgi_request.user
        found = admin.site._registry[model].get_changelist_instance(request).result_list
        assert len(found) <= 1


@pytest.mark.parametrize("model", admin.site._registry, ids=name_of)
def test_every_form_to_add_opens_or_is_refused(operator: Client, model: type[Model]) -> None:
    answer = operator.get(page(model, "add"))
    may_add = admin.site._registry[model].has_add_permission(answer.wsgi_request)
    assert answer.status_code == (200 if may_add else 403)


def test_no_page_changes_state_on_get() -> None:
    # Unfold runs such actions on GET without a token against forgery, unless they are dialogs.
    for registered in admin.site._registry.values():
        assert not any(getattr(registered, name, ()) for name in GET_ACTIONS), registered


def test_a_count_stops_at_its_cap_and_says_so() -> None:
    first, second, *_ = factories.WalletFactory.create_batch(4)

    class Three(CappedPaginator):
        most_counted = 3

    rows = Wallet.objects.order_by("label")
    assert str(Three(rows, 2).count) == "3 or more"
    assert isinstance(Three(rows, 2).count, AtLeast)
    assert str(Three(rows.filter(pk__in=[first.pk, second.pk]), 2).count) == "2"


def test_a_count_reads_no_more_rows_than_its_cap() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert CappedPaginator(Wallet.objects.all(), 50).count == 0
    assert "LIMIT 10000" in queries[0]["sql"]
