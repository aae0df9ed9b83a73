"""Actions on several rows of a list: each is asked for on its own, and what was done is said."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest

from wallets.transactions.operator import NotPossible
from wallets.transitions import LostRace


def actor_of(request: HttpRequest) -> str:
    """Who asks, for the history."""
    return f"user {request.user.get_username()}"


def ask_each(
    page: ModelAdmin[Any],
    request: HttpRequest,
    rows: QuerySet[Any],
    service: Callable[[Any], object],
) -> None:
    """Call the service for each row; one that cannot be done leaves the others be."""
    done = 0
    for row in rows:
        try:
            service(row)
            done += 1
        except (NotPossible, LostRace) as error:
            page.message_user(request, f"{row}: {error}", messages.WARNING)
    if done:
        page.message_user(request, f"Asked for {done}; see their pages.", messages.SUCCESS)
