"""The address book: entered by one person, confirmed by another, void when anything changes."""

from dataclasses import dataclass
from typing import Any, Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from eth_typing import ChecksumAddress

from wallets.addresses import AddressError, parse_address
from wallets.contracts import refuse_contract
from wallets.labels import refuse_label
from wallets.models import AddressBookEntry, Network, Wallet
from wallets.transactions.operator import NotPossible
from wallets.transitions import LostRace, recorded

ADDRESS_BOOK_HISTORY = "address_book"
# As many digits as people compare when they look at an address.
_SEEN = 4
_Status = AddressBookEntry.Status


class Person(Protocol):
    """Somebody who has signed in."""

    pk: Any
    is_active: bool

    def get_username(self) -> str:
        """What they are called here."""
        ...

    def has_perm(self, perm: str) -> bool:
        """Whether they may."""
        ...


@dataclass(frozen=True, slots=True)
class Recipient:
    """What is to stand in the book."""

    label: str
    address: str
    network: Network | None = None
    is_safe: bool = False
    note: str = ""


def enter_address(*, recipient: Recipient, person: Person) -> AddressBookEntry:
    """A new entry, which receives nothing until somebody else has confirmed it."""
    require_right(person, "wallets.add_addressbookentry")
    checked = check_recipient(recipient)
    with transaction.atomic():
        row = AddressBookEntry.objects.create(
            **_fields(recipient, checked),
            entered_by_id=person.pk,
            entered_at=timezone.now(),
        )
        _told(row, "", _Status.ENTERED, person, _in_words(row))
    return row


def change_address(
    *, entry: AddressBookEntry, recipient: Recipient, person: Person
) -> AddressBookEntry:
    """Another address, network, label or purpose: confirmed anew by somebody who did not do it."""
    require_right(person, "wallets.change_addressbookentry")
    if entry.status == _Status.REMOVED:
        raise NotPossible(f"{entry.label} was removed; enter it as a new one")
    fields = _fields(recipient, check_recipient(recipient, entry))
    old = entry.status
    with transaction.atomic():
        _set(
            entry,
            **fields,
            status=_Status.ENTERED,
            entered_by_id=person.pk,
            entered_at=timezone.now(),
            confirmed_by=None,
            confirmed_at=None,
            confirmed_alone=False,
        )
        _told(entry, old, _Status.ENTERED, person, f"changed: {_in_words(entry)}")
    return entry


def confirm_address(
    *,
    entry: AddressBookEntry,
    address: str,
    person: Person,
    network: Network | None = None,
    is_safe: bool = False,
) -> AddressBookEntry:
    """Stand behind an entry of somebody else: address, network and use as that person says them.

    They come from their own source: what was changed meanwhile is not confirmed unseen.
    """
    require_right(person, "wallets.confirm_addressbookentry")
    if entry.status != _Status.ENTERED:
        raise NotPossible(f"{entry.label} is {entry.status}; there is nothing to confirm")
    if _own_source(address) != entry.address:
        raise NotPossible(
            f"{entry.label} is {entry.address}, not {address}; find out which of the two is right"
        )
    if (entry.network, entry.is_safe) != (network, is_safe):
        raise NotPossible(
            f"what stands in the book is: {_in_words(entry)}; confirm its network and whether it "
            "is a safe address as they are, or have them changed"
        )
    alone = entry.entered_by_id == person.pk
    if alone and second_person_required():
        raise NotPossible(
            f"{entry.label} was entered by {person.get_username()}; somebody else confirms it"
        )
    _require_no_contract(entry.address)
    with transaction.atomic():
        changes = {"confirmed_by_id": person.pk, "confirmed_at": timezone.now()}
        _set(entry, status=_Status.CONFIRMED, confirmed_alone=alone, **changes)
        reason = f"{entry.address} is right{_alone_text(alone)}"
        _told(entry, _Status.ENTERED, _Status.CONFIRMED, person, reason)
    return entry


def remove_address(*, entry: AddressBookEntry, reason: str, person: Person) -> AddressBookEntry:
    """Let nothing go there any more."""
    require_right(person, "wallets.change_addressbookentry")
    if entry.status == _Status.REMOVED:
        raise NotPossible(f"{entry.label} was removed already")
    old = entry.status
    with transaction.atomic():
        nobody = {"confirmed_by": None, "confirmed_at": None, "confirmed_alone": False}
        _set(entry, status=_Status.REMOVED, **nobody)
        _told(entry, old, _Status.REMOVED, person, reason)
    return entry


def second_person_required() -> bool:
    """Whether nobody confirms alone what they entered; the setting is about one operator."""
    return bool(settings.SECOND_PERSON == "required")


def actor_of(person: Person) -> str:
    """Who it is, for the history."""
    return f"user {person.get_username()}"


def require_right(person: Person, right: str) -> None:
    """NotPossible unless the person may do it."""
    if not (person.is_active and person.has_perm(right)):
        raise NotPossible(f"{person.get_username()} has no right {right}; ask an administrator")


def _alone_text(alone: bool) -> str:  # noqa: FBT001 - says what the word means
    return "; nobody else was asked, AIRDROPS_SECOND_PERSON is waived" if alone else ""


def check_recipient(recipient: Recipient, entry: AddressBookEntry | None = None) -> ChecksumAddress:
    """The address, if it and the label may stand in the book (in the place of `entry`)."""
    if reason := refuse_label(recipient.label):
        raise NotPossible(reason)
    address = _own_source(recipient.address)
    _require_no_contract(address)
    _require_no_wallet(recipient.label, address)
    others = AddressBookEntry.objects.exclude(status=_Status.REMOVED)
    if entry is not None:
        others = others.exclude(pk=entry.pk)
    if others.filter(label=recipient.label).exists():
        raise NotPossible(f"the label {recipient.label!r} is already used in the address book")
    same = others.filter(address=address, network=recipient.network).first()
    if same is not None:
        raise NotPossible(f"{address} is in the address book already, as {same.label}")
    _require_no_twin(address, entry)
    return address


def _own_source(text: str) -> ChecksumAddress:
    """The address as somebody copied it: only with its capitals can a typo in it be seen."""
    try:
        address = parse_address(text.strip())
    except AddressError as error:
        raise NotPossible(str(error)) from error
    if text.strip() != address:
        raise NotPossible(
            f"{text.strip()} has no checksum; copy it with its capitals from its source"
        )
    return address


def _require_no_contract(address: str) -> None:
    if reason := refuse_contract(address):
        raise NotPossible(f"{reason}; what is sent there is lost")


def _require_no_wallet(label: str, address: str) -> None:
    known = Wallet.objects.filter(Q(address=address) | Q(label=label)).first()
    if known is not None:
        raise NotPossible(f"{known.label} ({known.address}) is a wallet of ours")


def _require_no_twin(address: str, entry: AddressBookEntry | None) -> None:
    """Who poisons histories makes addresses that begin and end like a known one."""
    alike = Q(address__istartswith=address[: 2 + _SEEN], address__iendswith=address[-_SEEN:]) & ~Q(
        address=address
    )
    entries = AddressBookEntry.objects.filter(alike)
    if entry is not None:
        entries = entries.exclude(pk=entry.pk)
    twin = entries.first() or Wallet.objects.filter(alike).first()
    if twin is not None:
        raise NotPossible(
            f"{address} begins and ends like {twin.label} ({twin.address}) and is another; copy "
            "it again from its source"
        )


def _fields(recipient: Recipient, address: ChecksumAddress) -> dict[str, Any]:
    return {
        "label": recipient.label,
        "address": address,
        "network": recipient.network,
        "is_safe": recipient.is_safe,
        "note": recipient.note,
    }


def _set(entry: AddressBookEntry, **changes: Any) -> None:
    """Compare and set: who acts on what somebody else changed meanwhile is told so."""
    same = AddressBookEntry.objects.filter(pk=entry.pk, version=entry.version)
    if same.update(**changes, version=F("version") + 1) != 1:
        raise LostRace(f"{entry.label} was changed meanwhile; look at it again")
    entry.refresh_from_db()


def _told(entry: AddressBookEntry, old: str, new: str, person: Person, reason: str) -> None:
    actor = actor_of(person)
    recorded(ADDRESS_BOOK_HISTORY, entry.pk, old, new, actor=actor, reason=reason)


def _in_words(entry: AddressBookEntry) -> str:
    where = f" on {entry.network.slug} only" if entry.network else " on every network"
    safe = ", a safe address" if entry.is_safe else ""
    return f"{entry.label} is {entry.address}{where}{safe}"
