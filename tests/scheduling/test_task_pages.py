"""A task's parameters are fields of the form, and what is wrong stands beside the field."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from protocols.registry import get_action
from scheduling.forms import typed_form
from scheduling.models import Task
from tests import factories
from tests.airdrops_site.test_admin_facts import sign_in
from tests.airdrops_site.test_admin_forms import RECIPIENT, errors_of, task_form

pytestmark = [pytest.mark.django_db, pytest.mark.db]
ADD = "admin:scheduling_task_add"


@pytest.fixture
def console(client: Client) -> Client:
    """Somebody who may do everything."""
    client.force_login(User.objects.create_superuser("operator"))
    return client


def typed(*wallets: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A filled form with fields for the parameters."""
    form = task_form(*wallets, **fields)
    del form["params"]
    return form


def form_of(answer: Any) -> Any:
    """The form of a page."""
    return answer.context["adminform"].form


def test_the_action_is_chosen_first(console: Client) -> None:
    protocol = factories.ProtocolFactory.create()
    text = console.get(reverse(ADD)).content.decode()
    assert f"?protocol={protocol.pk}&amp;action=swap" in text
    assert "Send native coin" in text


def test_a_chosen_action_brings_its_fields(console: Client) -> None:
    protocol = factories.ProtocolFactory.create()
    answer = console.get(f"{reverse(ADD)}?protocol={protocol.pk}&action=sweep")
    fields = form_of(answer).fields
    assert {"param_to", "param_at_most", "param_keep", "param_urgency"} <= fields.keys()
    assert "params" not in fields
    assert [value for value, _ in fields["param_urgency"].choices] == ["", "slow", "normal", "fast"]
    assert "in base units" in fields["param_at_most"].help_text
    assert "What a limit wants to remain" in fields["param_keep"].help_text
    assert form_of(answer).initial["action"] == "sweep"


def test_what_was_typed_is_kept_as_text(console: Client) -> None:
    wallet = factories.WalletFactory.create()
    form = typed({"wallet": wallet.pk}, param_to=RECIPIENT, param_amount="5")
    answer = console.post(reverse(ADD), form)
    assert answer.status_code == 302, errors_of(answer)
    assert Task.objects.get().params == {"to": RECIPIENT, "amount": "5"}


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("amount", "1.5", "write a whole number without sign, point or separators"),
        ("amount", "0", "write an amount above zero, in base units"),
        ("to", "0x12", "write 0x and 40 hex digits"),
        ("to", "0x" + "0" * 40, "the zero address is nobody"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    console: Client, name: str, value: str, sentence: str
) -> None:
    right = {"param_to": RECIPIENT, "param_amount": "5"}
    answer = console.post(reverse(ADD), typed(**{**right, f"param_{name}": value}))
    (told,) = form_of(answer).errors[f"param_{name}"]
    assert sentence in told
    assert not Task.objects.exists()


def test_a_key_in_the_wrong_field_is_not_repeated_by_the_error(console: Client) -> None:
    answer = console.post(reverse(ADD), typed(param_to="ab" * 32, param_amount="5"))
    assert "ab" * 32 not in str(form_of(answer).errors)


def test_what_each_wallet_has_of_its_own_may_be_left_empty(console: Client) -> None:
    wallet = factories.WalletFactory.create()
    rows = {"wallet": wallet.pk, "params": '{"amount": "7"}'}
    answer = console.post(reverse(ADD), typed(rows, param_to=RECIPIENT, param_amount=""))
    assert answer.status_code == 302, errors_of(answer)
    assert Task.objects.get().params == {"to": RECIPIENT}


def test_what_nobody_has_is_told(console: Client) -> None:
    wallet = factories.WalletFactory.create()
    answer = console.post(reverse(ADD), typed({"wallet": wallet.pk}, param_to=RECIPIENT))
    assert "the parameter amount is missing" in errors_of(answer)


def test_another_action_brings_its_own_fields(console: Client) -> None:
    answer = console.post(reverse(ADD), typed(action="wrap", param_to=RECIPIENT, name=""))
    assert "param_to" not in form_of(answer).fields
    assert "param_amount" in form_of(answer).fields


def test_a_tasks_page_shows_what_is_stored(console: Client) -> None:
    task = factories.TaskFactory.create(action="transfer", params={"to": RECIPIENT, "amount": "5"})
    answer = console.get(reverse("admin:scheduling_task_change", args=[task.pk]))
    assert form_of(answer)["param_amount"].value() == "5"
    form = typed(param_to=RECIPIENT, param_amount="6", name=task.name, protocol=task.protocol_id)
    saved = console.post(reverse("admin:scheduling_task_change", args=[task.pk]), form)
    assert saved.status_code == 302, errors_of(saved)
    task.refresh_from_db()
    assert task.params == {"to": RECIPIENT, "amount": "6"}


def test_parameters_the_action_does_not_know_are_shown_as_json(console: Client) -> None:
    task = factories.TaskFactory.create(action="transfer", params={"tip": "1"})
    answer = console.get(reverse("admin:scheduling_task_change", args=[task.pk]))
    assert "params" in form_of(answer).fields


def test_json_is_there_for_who_asks(console: Client) -> None:
    answer = console.get(reverse(ADD), {"params": "json"})
    assert "params" in form_of(answer).fields
    assert not any(name.startswith("param_") for name in form_of(answer).fields)


def test_a_list_is_written_as_json(console: Client) -> None:
    claims = factories.ProtocolFactory.create(slug="claims", name="Claims")
    common = {"protocol": claims.pk, "action": "merkle-claim", "param_index": "0"}
    proof = ["0x" + "11" * 32]
    right = typed(**common, param_amount="5", param_proof=json.dumps(proof))
    answer = console.post(reverse(ADD), right)
    assert answer.status_code == 302, errors_of(answer)
    assert Task.objects.get().params["proof"] == proof
    answer = console.post(reverse(ADD), typed(**common, name="b", param_proof="[1"))
    assert "Enter a valid JSON." in str(form_of(answer).errors["param_proof"])


def test_who_may_not_add_is_not_asked(client: Client) -> None:
    sign_in(client, "viewer")
    assert client.get(reverse(ADD)).status_code == 403


@pytest.mark.parametrize("name", ["swap", "sweep", "transfer"])
def test_every_parameter_has_a_field_with_help(name: str) -> None:
    action = get_action("evm", name)
    fields = typed_form(action).base_fields
    for parameter in action.Params.model_fields:
        assert fields[f"param_{parameter}"].help_text.endswith(".")


def test_another_network_is_refused_beside_its_field_while_a_run_is_under_way(
    console: Client,
) -> None:
    run = factories.RunFactory.create(state="running")
    task, other = run.task, factories.NetworkFactory.create()
    fields = {"name": task.name, "protocol": task.protocol_id, "network": other.pk}
    form = typed(param_to=RECIPIENT, param_amount="6", **fields)
    answer = console.post(reverse("admin:scheduling_task_change", args=[task.pk]), form)
    assert f"run {run.pk} of {task.name} is not over" in form_of(answer).errors["network"][0]
