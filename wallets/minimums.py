"""Which balances are below what the operator wants to be told of."""

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from wallets.balances import watched_wallets
from wallets.models import Balance, MinimumBalance, Wallet

_FOR_ALL = Q(wallet=None, tag=None, group=None)
_TAGGED = Wallet.tags.through.objects.filter(
    wallettag=OuterRef("tag"), wallet=OuterRef("token__balances__wallet")
)
_NAMED = (
    Q(wallet=F("token__balances__wallet"))
    | Q(group=F("token__balances__wallet__group"))
    | Exists(_TAGGED)
)


def balances_under_minimum() -> QuerySet[Balance]:
    """Balances known to be below an enabled minimum that covers them."""
    below = _enabled().filter(
        _FOR_ALL | _NAMED,
        ~Q(token__balances__wallet__status=Wallet.Status.RETIRED),
        token__balances__amount__lt=F("amount"),
    )
    return Balance.objects.filter(pk__in=below.values("token__balances"))


def count_unknown_minimums() -> int:
    """How many balances have a minimum and are not known: nobody can say whether they are below."""
    watched = watched_wallets().order_by()
    for_all = _enabled().filter(_FOR_ALL)
    named = _enabled().exclude(token__in=for_all.values("token"))
    pairs = [
        named.filter(wallet__in=watched).values_list("token", "wallet"),
        named.filter(tag__wallets__in=watched).values_list("token", "tag__wallets"),
        named.filter(group__wallets__in=watched).values_list("token", "group__wallets"),
    ]
    # A wallet of several tags counts once.
    single = pairs[0].union(*pairs[1:]).count()
    tokens = for_all.values("token").distinct().count()
    known = Balance.objects.filter(amount__isnull=False, wallet__in=watched).filter(
        Q(token__in=for_all.values("token"))
        | Q(pk__in=named.filter(_NAMED).values("token__balances"))
    )
    return tokens * watched.count() + single - known.count()


def _enabled() -> QuerySet[MinimumBalance]:
    return MinimumBalance.objects.filter(
        enabled=True, token__enabled=True, token__network__enabled=True
    ).order_by()
