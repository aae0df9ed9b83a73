"""The stop in the header of every page: its state, and the button of whoever may press it."""

from typing import Any

from django.http import HttpRequest

from airdrops_site.emergency.scopes import Scope
from wallets.models import EmergencyStop, ScopeKind
from wallets.transactions.stop_file import stop_file_reason

STOP, RESUME = "wallets.engage_emergencystop", "wallets.lift_emergencystop"


def header(request: HttpRequest | None) -> dict[str, Any]:
    """What the header shows to whoever has signed in; one question to the database."""
    user: Any = getattr(request, "user", None)
    if request is None or user is None or not user.is_staff:
        return {"shown": False}
    stops = list(EmergencyStop.objects.filter(engaged=True).order_by("scope_kind", "scope_value"))
    said = [f"{Scope.of(one).name}: {one.reason}" for one in stops]
    if file := stop_file_reason():
        said.append(file)
    return {
        "shown": True,
        "stopped": "; ".join(said),
        "title": f"Stopped: {_names(stops)}",
        "may_stop": user.has_perm(STOP) and not any(map(_is_whole, stops)),
        "here": request.get_full_path(),
    }


def _names(stops: list[EmergencyStop]) -> str:
    names = [Scope.of(one).name for one in stops]
    if not names or "everything" in names:
        return "everything"
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def _is_whole(stop: EmergencyStop) -> bool:
    """Whether there is nothing more to stop."""
    return (stop.scope_kind, stop.mode) == (ScopeKind.EVERYTHING, EmergencyStop.Mode.EVERYTHING)
