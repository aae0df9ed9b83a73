"""The console's page of allowances: what may be taken, as of when, and taking it back."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.utils import timezone

from scheduling.allowances import revoke_now
from wallets.ages import age_of
from wallets.allowance_readings import ALLOWANCE_HISTORY, check_allowances, show_allowance
from wallets.chain.client import NetworkClient
from wallets.console import show
from wallets.console.asking import AskingAdmin, NothingToSay, Reason, Verb
from wallets.console.columns import column, full, history, link, short
from wallets.console.filters import OwnerFilter, SpenderFilter, StandingFilter
from wallets.console.pages import section
from wallets.console.search import Exact
from wallets.models import Allowance
from wallets.revocations import of_row
from wallets.transactions.operator import NotPossible


def _revoke(row: Allowance, *, actor: str, reason: str) -> str:
    if row.amount == 0:
        raise NotPossible(f"nothing is left of it as of block {row.block_number}; read it again")
    made = revoke_now(allowance=row, origin="operator", actor=actor, reason=reason)
    return f"transaction {made.pk} takes it back; once it is final the chain is asked what is left"


def _read(row: Allowance, *, actor: str) -> str:
    client = NetworkClient(row.token.network)
    (found,) = check_allowances(wanted=[of_row(row)], client=client, actor=actor)
    if found.problem:
        return f"not answered: {found.problem}"
    row.refresh_from_db(fields=("amount", "block_number"))
    return f"{show_allowance(row, row.token)} at block {found.block_number}"


VERBS = (
    Verb(
        "revoke",
        "Take back",
        "The allowance is set to zero by a transaction of the wallet, which pays for its gas. It "
        "goes the way of all: stop, limits, policy and simulation hold for it. One that a running "
        "run relies on stays until that run has ended. One that is under way is not doubled.",
        _revoke,
        lambda row: row.amount != 0,
        Reason,
        button="Take it back",
    ),
    Verb(
        "check",
        "Read again",
        "The chain is asked what stands now, and the answer kept. Nothing is signed or sent.",
        _read,
        lambda _row: True,
        NothingToSay,
    ),
)


def _amount(row: Allowance) -> Any:
    """What is not known is never shown as nothing."""
    if row.is_unlimited:
        return show.flag(f"Unlimited {row.token.symbol}", "danger")
    return show.holding(row.amount, row.token)


def _age(row: Allowance) -> Any:
    """Older than two readings should be: nobody can say what stands by now."""
    old = timedelta(seconds=2 * settings.ALLOWANCE_SECONDS)
    age = f"{age_of(row.checked_at)} ago"
    is_old = settings.ALLOWANCE_SECONDS and timezone.now() - row.checked_at > old
    return show.flag(age, "warning") if is_old else show.text(age)


amount = column("May take", _amount)
age = column("Read", _age)
kept_by = column("Kept by", lambda row: "Permit2" if row.through else "the token")
revocation_state = column(
    "State", lambda row: show.badge(row.revocation.state) if row.revocation else show.NOTHING
)


@admin.register(Allowance)
class AllowanceAdmin(AskingAdmin):
    """What spenders may take, as last read from the chain."""

    verbs = VERBS
    list_before_template: Any = "console/unasked.html"
    list_display = (
        "id",
        link("wallet"),
        link("token"),
        short("spender"),
        kept_by,
        amount,
        age,
        "block_number",
        link("revocation"),
    )
    list_filter = (StandingFilter, OwnerFilter, SpenderFilter, "token__network", "token__symbol")
    search_fields = ("wallet__label", "token__symbol")
    exact = Exact(addresses=("spender", "wallet__address", "token__address"), ids=("id",))
    list_select_related = ("wallet", "token__network", "revocation")
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(
            None, "wallet", "token", full("spender"), kept_by, full("through"), amount, "expires_at"
        ),
        section("As of", "block_number", "checked_at", age),
        section("Taking it back", link("revocation"), revocation_state, "verify_at"),
        section("History", history(ALLOWANCE_HISTORY)),
    )
    readonly_fields = ("verify_at",)

    def stands(self, row: Any) -> str:
        """What may be taken, and as of when."""
        said = f"{show_allowance(row, row.token)} on {row.token.network.slug} of {row.wallet}"
        return f"{said} to {row.spender}, read {age_of(row.checked_at)} ago"
