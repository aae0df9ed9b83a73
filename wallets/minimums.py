"""Which balances are below what the operator wants to be told of."""

from django.db.models import F, Q, QuerySet

from wallets.balances import watched_wallets
from wallets.models import Balance, MinimumBalance, Wallet

_COVERED = Q(wallet=None) | Q(wallet=F("token__balances__wallet"))


def balances_under_minimum() -> QuerySet[Balance]:
    """Balances known to be below an enabled minimum that covers them."""
    below = _enabled().filter(
        _COVERED,
        ~Q(token__balances__wallet__status=Wallet.Status.RETIRED),
        token__balances__amount__lt=F("amount"),
    )
    return Balance.objects.filter(pk__in=below.values("token__balances"))


def count_unknown_minimums() -> int:
    """How many balances have a minimum and are not known: nobody can say whether they are below."""
    watched = watched_wallets()
    for_all = _enabled().filter(wallet=None)
    single = _enabled().filter(wallet__in=watched).exclude(token__in=for_all.values("token"))
    wanted = for_all.count() * watched.count() + single.count()
    known = Balance.objects.filter(amount__isnull=False, wallet__in=watched).filter(
        Q(token__in=for_all.values("token"))
        | Q(pk__in=single.filter(_COVERED).values("token__balances"))
    )
    return wanted - known.count()


def _enabled() -> QuerySet[MinimumBalance]:
    return MinimumBalance.objects.filter(
        enabled=True, token__enabled=True, token__network__enabled=True
    ).order_by()
