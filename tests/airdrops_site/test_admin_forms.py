"""What may be typed into the console, and the sentence for what may not."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from eth_account import Account

from scheduling.models import Task
from tests import factories
from wallets.admin.forms import carries_credential
from wallets.models import EmergencyStop, RpcEndpoint, Wallet
from wallets.services import engage_stop

pytestmark = [pytest.mark.django_db, pytest.mark.db]

NO_ROWS = {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0, "MIN_NUM_FORMS": 0, "MAX_NUM_FORMS": 1000}
RECIPIENT = "0x" + "11" * 20


def errors_of(answer: Any) -> str:
    context = answer.context
    formsets = [one.formset.errors for one in context["inline_admin_formsets"]]
    return f"{context['adminform'].form.errors} {formsets}"


def inline(prefix: str, *rows: dict[str, Any]) -> dict[str, Any]:
    fields = {f"{prefix}-{name}": value for name, value in NO_ROWS.items()}
    fields[f"{prefix}-TOTAL_FORMS"] = len(rows)
    for number, row in enumerate(rows):
        fields |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return fields


def task_form(*wallets: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "name": "Pay",
        "protocol": factories.ProtocolFactory.create().pk,
        "network": factories.NetworkFactory.create().pk,
        "action": "transfer",
        "params": json.dumps({"to": RECIPIENT, "amount": "5"}),
        "schedule": "interval",
        "interval_seconds": 60,
        "timezone": "UTC",
        "starts_at_0": "2026-12-01",
        "starts_at_1": "12:00:00",
        "misfire": "once",
        "misfire_grace_seconds": 300,
        "times": 1,
        "max_retries": 0,
        "retry_seconds": 60,
        "priority": 0,
        "urgency": "normal",
        "enabled": "on",
        **inline("task_wallets", *wallets),
        **inline("dependencies"),
        **fields,
    }


def test_a_task_is_saved_with_its_wallets_and_its_due_time(operator: Client) -> None:
    wallet = factories.WalletFactory.create()
    form = task_form({"wallet": wallet.pk, "params": '{"amount": "7"}'})
    answer = operator.post(reverse("admin:scheduling_task_add"), form)
    assert answer.status_code == 302, errors_of(answer)
    task = Task.objects.get()
    assert f"{task.next_due_at:%Y-%m-%d %H:%M}" == "2026-12-01 12:00"
    assert task.task_wallets.get().params == {"amount": "7"}


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"action": "dance"}, "evm has no action dance"),
        ({"interval_seconds": ""}, "Write the seconds between two runs"),
        ({"schedule": "cron", "cron": ""}, "Write a cron expression"),
        ({"schedule": "cron", "cron": "99 * * * *"}, "is no cron expression"),
        ({"schedule": "cron", "cron": "0 9 * * *", "timezone": "Moon"}, "is no time zone"),
        ({"max_fee_ceiling": "1.5"}, "is not an amount in base units"),
    ],
)
def test_a_task_that_could_not_run_is_refused(
    operator: Client, fields: dict[str, Any], sentence: str
) -> None:
    answer = operator.post(reverse("admin:scheduling_task_add"), task_form(**fields))
    assert sentence in errors_of(answer)
    assert not Task.objects.exists()


def test_a_task_of_many_wallets_is_edited_page_by_page(operator: Client) -> None:
    task = factories.TaskFactory.create()
    rows = [factories.TaskWalletFactory.create(task=task) for _ in range(51)]
    last = {"id": rows[-1].pk, "task": task.pk, "wallet": rows[-1].wallet_id, "params": "{}"}
    second = {
        "task_wallets-page": 2,
        "task_wallets-INITIAL_FORMS": 1,
        "task_wallets-0-DELETE": "on",
    }
    page = reverse("admin:scheduling_task_change", args=[task.pk])
    assert len(operator.get(page).context["inline_admin_formsets"][0].formset.forms) == 50
    answer = operator.post(page, {**task_form(last), **second})
    assert answer.status_code == 302, errors_of(answer)
    assert set(task.task_wallets.all()) == set(rows[:-1])


@pytest.mark.parametrize(
    ("params", "sentence"),
    [('{"amount": "0"}', "above zero"), ('{"tip": "1"}', "there is no parameter tip")],
)
def test_parameters_are_checked_with_each_wallets_own(
    operator: Client, params: str, sentence: str
) -> None:
    form = task_form({"wallet": factories.WalletFactory.create().pk, "params": params})
    answer = operator.post(reverse("admin:scheduling_task_add"), form)
    assert sentence in errors_of(answer)
    assert not Task.objects.exists()


def test_tasks_do_not_wait_for_each_other_in_a_circle(operator: Client) -> None:
    first = factories.TaskFactory.create(protocol=factories.ProtocolFactory.create())
    later = factories.TaskDependencyFactory.create(needs=first).task
    form = task_form(**inline("dependencies", {"needs": later.pk}), name=first.name)
    page = reverse("admin:scheduling_task_change", args=[first.pk])
    assert "waits for this task itself" in errors_of(operator.post(page, form))


def add_wallet(client: Client, **fields: str) -> Any:
    form = {"label": "cold", "address": RECIPIENT, "signer_kind": "watch_only", **fields}
    return client.post(reverse("admin:wallets_wallet_add"), {**form, **inline("lanes")})


def test_a_wallet_typed_in_is_watched_and_not_verified(operator: Client) -> None:
    answer = add_wallet(operator, status="verified", signer_reference="left over")
    assert answer.status_code == 302, errors_of(answer)
    wallet = Wallet.objects.get()
    assert (wallet.signer_kind, wallet.status) == ("watch_only", "unverified")
    assert wallet.signer_reference == ""


def test_a_key_in_a_remote_signer_is_named_by_its_public_key(operator: Client) -> None:
    key = Account.create()._key_obj
    fields = {
        "address": key.public_key.to_checksum_address(),
        "signer_kind": "web3signer",
        "signer_reference": str(key.public_key),
    }
    assert add_wallet(operator, **fields).status_code == 302
    wallet = Wallet.objects.get()
    assert (wallet.signer_kind, wallet.status) == ("web3signer", "unverified")
    assert wallet.signer_reference == str(key.public_key)


@pytest.mark.parametrize(
    ("kind", "reference", "sentence"),
    [
        ("keystore", "../cold.json", "is not the name of a keystore file"),
        ("mnemonic", "test " * 11 + "junk", "move the funds of that wallet away"),
        ("environment", "main", "capitals, digits and _ only"),
        ("web3signer", "", "A key is named by"),
        ("web3signer", "0x" + "ab" * 64, "This public key is 0x"),
        ("web3signer", "../etc/passwd", "A key is named by"),
        ("web3signer", "0x" + "ab" * 32, "move the funds of that wallet away"),
        ("watch_only", "ab" * 32, "move the funds of that wallet away"),
    ],
)
def test_what_names_no_remote_key_is_refused(
    operator: Client, kind: str, reference: str, sentence: str
) -> None:
    answer = add_wallet(operator, signer_kind=kind, signer_reference=reference)
    assert sentence in errors_of(answer)
    assert not Wallet.objects.exists()


@pytest.mark.parametrize("label", ["ab" * 32, "0x" + "12" * 32, " ".join(["abandon"] * 12)[:80]])
def test_a_key_is_no_label(operator: Client, label: str) -> None:
    form = {"label": label, "address": RECIPIENT, **inline("lanes")}
    answer = operator.post(reverse("admin:wallets_wallet_add"), form)
    assert "move the funds of that wallet away" in errors_of(answer)
    assert not Wallet.objects.exists()


def test_a_wallet_keeps_its_address_and_signer(operator: Client) -> None:
    wallet = factories.WalletFactory.create()
    form = {"label": "renamed", "address": RECIPIENT, "signer_kind": "watch_only"}
    page = reverse("admin:wallets_wallet_change", args=[wallet.pk])
    assert operator.post(page, {**form, **inline("lanes")}).status_code == 302
    after = Wallet.objects.get()
    assert after.label == "renamed"
    assert (after.address, after.signer_kind) == (wallet.address, "keystore")


@pytest.mark.parametrize(
    "url",
    [
        "https://user:password@rpc.example",
        "https://rpc.example/?apikey=abc",
        "https://rpc.example/?t=${KEY}&auth=x",
        "https://mainnet.rpc.example/v3/0123456789abcdef0123456789abcdef",
        "https://rpc.example/v2/Ab3dEf6hIj9kLm2n-pQ5r_t8",
    ],
)
def test_urls_with_a_credential_are_recognised(url: str) -> None:
    assert carries_credential(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8545",
        "https://rpc.example/v2/${RPC_KEY}",
        "https://${USER}:${PASSWORD}@rpc.example/",
        "https://rpc.example/arbitrum-one-archive/?apikey=${RPC_KEY}&chain=1",
    ],
)
def test_urls_with_their_credential_elsewhere_pass(url: str) -> None:
    assert not carries_credential(url)


def test_an_endpoint_with_a_credential_is_refused_with_what_to_do(operator: Client) -> None:
    form = {
        "network": factories.NetworkFactory.create().pk,
        "name": "main",
        "url": "https://rpc.example/?apikey=s3cret",
        "weight": 100,
        "requests_per_second": 0,
    }
    page = reverse("admin:wallets_rpcendpoint_add")
    assert "write ${NAME} in its place" in errors_of(operator.post(page, form))
    operator.post(page, {**form, "url": "https://rpc.example/?apikey=${RPC_KEY}"})
    assert RpcEndpoint.objects.get().url == "https://rpc.example/?apikey=${RPC_KEY}"


def rename(client: Client, wallet: Wallet) -> Any:
    page = reverse("admin:wallets_wallet_change", args=[wallet.pk])
    return client.post(page, {"label": "renamed", **inline("lanes")})


def test_a_wallet_that_is_renamed_stays_stopped(operator: Client) -> None:
    wallet = factories.WalletFactory.create()
    engage_stop(reason="stolen", actor="ann", scope_kind="wallet", scope_value=wallet.label)
    assert rename(operator, wallet).status_code == 302
    assert EmergencyStop.objects.get(scope_kind="wallet").scope_value == "renamed"


def test_no_wallet_is_renamed_to_what_a_limit_names(operator: Client) -> None:
    wallet = factories.WalletFactory.create()
    factories.LimitFactory.create(kind="max_value", scope_kind="wallet", scope_value="renamed")
    assert "A limit names renamed already" in errors_of(rename(operator, wallet))


def test_a_campaign_keeps_the_slug_that_its_budget_names(operator: Client) -> None:
    campaign = factories.CampaignFactory.create(slug="scr", name="SCR")
    page = reverse("admin:analytics_campaign_change", args=[campaign.pk])
    assert operator.get(page).status_code == 200
    form = {"name": "Other", "slug": "other", "status": campaign.status, "tasks": []}
    assert operator.post(page, form).status_code == 302
    campaign.refresh_from_db()
    assert (campaign.name, campaign.slug) == ("Other", "scr")
