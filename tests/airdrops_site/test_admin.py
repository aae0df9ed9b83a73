"""The console's pages open, for whoever may see them, and chain facts cannot be edited."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client

from tests.chains import Chain
from wallets.chain.client import NetworkClient
from wallets.console import ReadOnlyAdmin
from wallets.models import Network, Transaction, Wallet
from wallets.services import Intent, submit_transaction
from wallets.transactions.tick import tick
from wallets.transactions.watch import watch

pytestmark = pytest.mark.django_db
PAGES = [
    f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry
]
GET_ACTIONS = ("actions_row", "actions_detail", "actions_list", "actions_submit_line")


@pytest.fixture
def operator(client: Client) -> Client:
    """Somebody who may do everything."""
    client.force_login(User.objects.create_superuser("operator"))
    return client


@pytest.mark.parametrize("page", PAGES)
def test_every_list_opens(operator: Client, page: str) -> None:
    assert operator.get(page).status_code == 200


def test_every_model_of_ours_is_in_the_console() -> None:
    from django.apps import apps

    ours = ("wallets", "protocols", "scheduling", "analytics")
    models = {model for app in ours for model in apps.get_app_config(app).get_models()}
    assert models <= set(admin.site._registry)


def test_a_transaction_shows_its_history_and_not_its_bytes(
    operator: Client, chain: Chain, network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    intent = Intent(
        wallet=wallet,
        network=network,
        idempotency_key="t:1",
        origin="test",
        protocol="evm",
        action="transfer",
        to=other_wallet.address,  # type: ignore[arg-type]
        value=1,
    )
    row = submit_transaction(intent=intent, actor="test")
    tick(row.lane_id)
    chain.mine(2)
    watch(network, NetworkClient(network))
    answer = operator.get(f"/admin/wallets/transaction/{row.pk}/change/")
    page = answer.content.decode()
    attempt = Transaction.objects.get().attempts.get()
    assert attempt.hash in page
    assert "confirmed" in page
    assert bytes(attempt.raw).hex() not in page


def test_chain_facts_cannot_be_edited_by_hand(operator: Client) -> None:
    page = "/admin/wallets/transaction/add/"
    assert operator.get(page).status_code == 403


def test_no_page_changes_state_on_get() -> None:
    # Unfold runs such actions on GET without a token against forgery.
    for page in admin.site._registry.values():
        assert not any(getattr(page, name, ()) for name in GET_ACTIONS), page


def test_history_is_read_only() -> None:
    from wallets.models import Attempt, Receipt, Transition

    for model in (Transaction, Attempt, Receipt, Transition):
        assert isinstance(admin.site._registry[model], ReadOnlyAdmin)
