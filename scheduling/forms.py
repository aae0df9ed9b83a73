"""What may be typed about a task, checked before anything is saved."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from unfold.forms import PaginationInlineFormSet

from protocols.actions import Action
from protocols.params import BadParameters
from protocols.registry import UnknownAction, adapters, get_action
from scheduling.dependencies import DependencyCircle, require_no_circle
from scheduling.expressions.readings import check_params, wrong_values
from scheduling.models import Task, TaskDependency
from scheduling.schedule import ScheduleError, next_due, require_window_to_fit
from scheduling.services import TIMING, WHAT_IT_DOES, reason_to_leave
from scheduling.task_fields import PREFIX, as_typed, fields_of


class TaskForm(forms.ModelForm[Task]):
    """A task whose action exists and whose schedule can be understood."""

    class Meta:
        model = Task
        exclude = ()  # noqa: DJ006 - the page's sections name the fields

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "action" in self.fields:
            self.fields["action"].help_text = "; ".join(
                f"{slug}: {', '.join(sorted(adapter.actions))}"
                for slug, adapter in adapters().items()
            )

    def clean(self) -> dict[str, Any]:
        """The action and the schedule, each with its own sentence."""
        cleaned = super().clean() or {}
        if "protocol" in cleaned and "action" in cleaned:
            self._check_action(cleaned["protocol"].slug, cleaned["action"])
        if "starts_at" in cleaned and "schedule" in cleaned:
            self._check_schedule(cleaned)
        self._check_under_way()
        return cleaned

    def _check_under_way(self) -> None:
        changed = [name for name in WHAT_IT_DOES if name in self.changed_data]
        if self.instance.pk and changed and (reason := reason_to_leave(self.instance)):
            for name in changed:
                self.add_error(name, reason)

    def _check_action(self, protocol: str, action: str) -> None:
        try:
            get_action(protocol, action)
        except UnknownAction as error:
            self.add_error("action", str(error))

    def _check_schedule(self, cleaned: dict[str, Any]) -> None:
        schedule = cleaned["schedule"]
        if schedule == Task.Schedule.INTERVAL and not cleaned.get("interval_seconds"):
            self.add_error("interval_seconds", "Write the seconds between two runs, at least 1.")
        if schedule == Task.Schedule.CRON and not cleaned.get("cron"):
            self.add_error("cron", "Write a cron expression, like 0 9 * * 1-5.")
            return
        task = Task(**{name: cleaned[name] for name in TIMING if cleaned.get(name) is not None})
        try:
            next_due(task, None)
            require_window_to_fit(task)
        except ScheduleError as error:
            self.add_error(None, str(error))


class TypedTaskForm(TaskForm):
    """With a field of its own for each parameter of the chosen action; `typed_form` makes one.

    What is left empty has the action's default, or each wallet's own.
    """

    wanted: ClassVar[type[Action]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, value in self.instance.params.items():
            if PREFIX + name in self.fields:
                self.initial[PREFIX + name] = as_typed(value)

    def clean(self) -> dict[str, Any]:
        """The parameters, each with what is wrong with it beside it."""
        cleaned = super().clean()
        filled = {
            name.removeprefix(PREFIX): value
            for name, value in cleaned.items()
            if name.startswith(PREFIX) and value not in (None, "")
        }
        for name, sentence in self._wrong(cleaned, filled).items():
            field = PREFIX + name
            self.add_error(field if field in self.fields else None, sentence)
        # The wallets' own parameters are checked over these.
        self.instance.params = filled
        return cleaned

    def _wrong(self, cleaned: dict[str, Any], filled: dict[str, Any]) -> dict[str, str]:
        """By their names; what is missing only where no wallet could have it of its own."""
        network = cleaned.get("network")
        if network is None:
            return {}
        wrong = wrong_values(self.wanted.Params, filled, network)
        if not wrong and (cleaned.get("groups") or cleaned.get("tags")):
            try:
                check_params(self.wanted.Params, filled, network)
            except BadParameters as error:
                return {"": str(error)}
        return wrong


def typed_form(action: Action) -> type[TypedTaskForm]:
    """The form of a task with this action."""
    fields: dict[str, Any] = dict(fields_of(action.Params))
    return type("TypedTaskForm", (TypedTaskForm,), {"wanted": type(action), **fields})


class TaskWalletFormSet(PaginationInlineFormSet):
    """The wallets of a task, each with parameters its action accepts."""

    def clean(self) -> None:
        """The task's parameters with each wallet's own over them."""
        super().clean()
        try:
            action = get_action(self.instance.protocol.slug, self.instance.action)
        except (UnknownAction, Task.protocol.RelatedObjectDoesNotExist):
            return  # said on the field itself
        for form in self.forms:
            filled = form.cleaned_data if form.is_valid() else {}
            if filled.get("wallet") and not filled.get("DELETE"):
                self._check_params(form, action.Params)

    def _check_params(self, form: Any, wanted: Any) -> None:
        try:
            own = form.cleaned_data["params"] or {}
            check_params(wanted, {**self.instance.params, **own}, self.instance.network)
        except Task.network.RelatedObjectDoesNotExist:
            return  # said on the field itself
        except (BadParameters, TypeError) as error:
            form.add_error("params", f"With the task's own parameters: {error}")


class TaskDependencyForm(forms.ModelForm[TaskDependency]):
    """A dependency that does not close a circle."""

    class Meta:
        model = TaskDependency
        exclude = ()  # noqa: DJ006 - the inline names the fields

    def clean_needs(self) -> Task:
        """A task that does not, by any way, need this one."""
        needed: Task = self.cleaned_data["needs"]
        if self.instance.task._state.adding:
            return needed  # nothing can wait for what is only being made
        try:
            require_no_circle(self.instance.task, [needed])
        except DependencyCircle as error:
            raise ValidationError(f"{error}.") from error
        return needed
