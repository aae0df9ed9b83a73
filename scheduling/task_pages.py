"""The page of a task: first its action, then a field for each of its parameters.

JSON is the way where a task has parameters that its action does not know, or a person asks for it.
"""

from inspect import getdoc
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html

from protocols.actions import Action
from protocols.models import Protocol
from protocols.registry import UnknownAction, adapters, get_action
from scheduling.forms import typed_form
from scheduling.models import Task
from scheduling.task_fields import PREFIX
from wallets.console.pages import ConsoleAdmin

AS_JSON = "json"


class TypedParamsAdmin(ConsoleAdmin):
    """A model with `protocol`, `action` and `params`."""

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Without an action: the choice of one."""
        if request.method == "GET" and not request.GET.keys() & {"action", "params"}:
            return self._choose(request)
        found: HttpResponse = super().add_view(request, form_url, extra_context)
        return found

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT001, FBT002 - Django's signature
        **kwargs: Any,
    ) -> Any:
        """With fields for the parameters, where the action is known."""
        if action := typed_action(request, obj):
            kwargs["form"] = typed_form(action)
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The parameters in a section of their own, in the place of the JSON."""
        fieldsets = super().get_fieldsets(request, obj)
        action = typed_action(request, obj)
        if action is None or not self._may_type(request, obj):
            return fieldsets
        (title, options), *rest = fieldsets
        fields = tuple(one for one in options["fields"] if one != "params")
        names = tuple(PREFIX + name for name in action.Params.model_fields)
        typed = ("Parameters", {"fields": names, "description": _about(request, action)})
        return ((title, {**options, "fields": fields}), *([typed] if names else []), *rest)

    def _may_type(self, request: HttpRequest, obj: Any) -> bool:
        """Who only looks sees what is stored."""
        return self.has_change_permission(request, obj) if obj else True

    def _choose(self, request: HttpRequest) -> HttpResponse:
        codename = get_permission_codename("add", self.opts)
        if not request.user.has_perm(f"{self.opts.app_label}.{codename}"):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": f"Add {self.opts.verbose_name}",
            "opts": self.opts,
            "protocols": _choices(),
            "as_json": f"?{urlencode({'params': AS_JSON})}",
        }
        return TemplateResponse(request, "console/choose_action.html", context)


def typed_action(request: HttpRequest, obj: Any) -> Action | None:
    """The action whose parameters are typed on this page; None where they are JSON."""
    if request.method == "POST":
        if "params" in request.POST:
            return None
        asked = request.POST
    else:
        if request.GET.get("params") == AS_JSON:
            return None
        asked = request.GET
    if "protocol" in asked and "action" in asked:
        return _action(_slug_of(asked["protocol"]), asked["action"])
    found = _action(obj.protocol.slug, obj.action) if isinstance(obj, Task) else None
    known = found.Params.model_fields.keys() if found else set()
    return found if obj is not None and obj.params.keys() <= known else None


def _about(request: HttpRequest, action: Action) -> str:
    """What the action's author says of its parameters, and the way to write them as JSON."""
    asked = {name: request.GET[name] for name in ("protocol", "action") if name in request.GET}
    return format_html(
        '{}. {} <a class="console-link" href="?{}">Write them as JSON</a>',
        action.title,
        (getdoc(action.Params) or "").replace("`", ""),
        urlencode({**asked, "params": AS_JSON}),
    )


def _action(protocol: str, action: str) -> Action | None:
    try:
        return get_action(protocol, action)
    except UnknownAction:
        return None


def _slug_of(key: str) -> str:
    row = Protocol.objects.filter(pk=key).first() if key.isdecimal() and len(key) < 19 else None
    return row.slug if row else ""


def _choices() -> list[tuple[Protocol, list[tuple[str, str, str]]]]:
    """Each enabled protocol with its actions: title, what it does, and the page to go on with."""
    return [
        (
            row,
            [
                (
                    action.title,
                    getdoc(type(action)) or "",
                    f"?{urlencode({'protocol': row.pk, 'action': slug})}",
                )
                for slug, action in sorted(adapters()[row.slug].actions.items())
            ],
        )
        for row in Protocol.objects.filter(enabled=True)
        if row.slug in adapters()
    ]
