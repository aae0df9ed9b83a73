"""The checks of what wallets hold, and of whether their keys can be reached."""

from airdrops_site.health.component import Component, Severity, show_time
from airdrops_site.health.survey import Survey
from wallets.minimums import balances_under_minimum, count_unknown_minimums
from wallets.models import Wallet

# Of these the details say which.
SHOWN = 20


def look_at_wallets(_survey: Survey) -> Component:
    """How many balances are below their minimum, or have one and are not known."""
    under = balances_under_minimum()
    few = list(under.select_related("wallet", "token__network").order_by("pk")[:SHOWN])
    count = under.count() if len(few) == SHOWN else len(few)
    unknown = count_unknown_minimums()
    status = "under_minimum" if count else "unknown" if unknown else "sufficient"
    # The risk manager's alerts have the sentences; one is enough.
    return Component(
        {"status": status, "under_minimum": count},
        Severity.DEGRADED if count or unknown else Severity.HEALTHY,
        {
            "unknown": unknown,
            "balances": [f"{row.wallet.label}: {row.token}" for row in few],
        },
    )


def look_at_keys(survey: Survey) -> Component:
    """Whether the workers could open the keys of the wallets that sign, when they last tried.

    The web never looks at a key; what it tells is what workers wrote down.
    """
    signing = Wallet.objects.filter(status=Wallet.Status.VERIFIED)
    bad = list(signing.exclude(key_problem="").order_by("label")[:SHOWN])
    details = {
        "wallets": [
            {
                "wallet": one.label,
                "problem": one.key_problem,
                "asked_at": show_time(one.key_asked_at),
            }
            for one in bad
        ]
    }
    if not bad:
        return Component({"status": "reachable"}, details=details)
    problems = tuple(f"{one.label} cannot sign: {one.key_problem}." for one in bad)
    return Component({"status": "unreachable"}, Severity.DEGRADED, details, problems)


def _key(wallet: Wallet) -> dict[str, object]:
    asked_at = show_time(wallet.key_asked_at)
    return {"wallet": wallet.label, "problem": wallet.key_problem, "asked_at": asked_at}
