"""Who may receive: own wallets whose keys have signed, listed safe addresses, confirmed others.

Asked at every signature, of the database: what is not here is refused.
"""

from collections.abc import Set

from django.db.models import Q, QuerySet

from wallets.models import AddressBookEntry, Network, Wallet


def own_recipients() -> QuerySet[Wallet]:
    """The wallets that value may go to. A key that never signed may be nobody's."""
    proven = Q(status=Wallet.Status.VERIFIED) & ~Q(signer_kind=Wallet.SignerKind.WATCH_ONLY)
    return Wallet.objects.filter(proven | Q(safe_address=True))


def confirmed_entries(network: Network) -> QuerySet[AddressBookEntry]:
    """Addresses of others that two persons stand behind, on this network."""
    here = Q(network=None) | Q(network=network)
    return AddressBookEntry.objects.filter(here, status=AddressBookEntry.Status.CONFIRMED)


def may_receive(address: str, network: Network) -> bool:
    """Whether value may go there on this network."""
    return address in receivers_among({address}, network)


def receivers_among(addresses: Set[str], network: Network) -> frozenset[str]:
    """Those of the addresses that value may go to on this network."""
    own = own_recipients().filter(address__in=addresses).values_list("address", flat=True)
    found = frozenset(own)
    if others := addresses - found:
        entries = confirmed_entries(network).filter(address__in=others)
        found |= frozenset(entries.values_list("address", flat=True))
    return found


def recipient_addresses(network: Network) -> list[str]:
    """Everybody who may receive on this network."""
    own = own_recipients().values_list("address", flat=True)
    others = confirmed_entries(network).values_list("address", flat=True)
    return [*own, *others]


def is_safe(address: str, network: Network) -> bool:
    """Whether it is listed as the place to which wallets in trouble are drained."""
    return address in safe_among({address}, network)


def safe_among(addresses: Set[str], network: Network) -> frozenset[str]:
    """Those of the addresses that are listed as safe on this network."""
    own = Wallet.objects.filter(safe_address=True, address__in=addresses)
    others = confirmed_entries(network).filter(is_safe=True, address__in=addresses)
    return frozenset(own.values_list("address", flat=True)) | frozenset(
        others.values_list("address", flat=True)
    )
