"""What each verb of `manage.py addresses` asks of the address book."""

from typing import Any

from airdrops_site.answers import Answer, BadInput, table
from airdrops_site.people import signed_in
from wallets.address_book import (
    Recipient,
    change_address,
    confirm_address,
    enter_address,
    remove_address,
)
from wallets.models import AddressBookEntry, Network

Options = dict[str, Any]
_COLUMNS = ("Label", "Address", "Network", "Status", "Safe", "Entered by", "Confirmed by")


def listed(options: Options) -> Answer:
    """The book; removed entries only on request."""
    rows = AddressBookEntry.objects.select_related("network", "entered_by", "confirmed_by")
    if not options["all"]:
        rows = rows.exclude(status=AddressBookEntry.Status.REMOVED)
    return _answer("Address book", list(rows))


def add(options: Options) -> Answer:
    """Enter one; it receives nothing yet."""
    recipient = Recipient(
        label=options["label"],
        address=options["address"],
        network=_network(options["network"]),
        is_safe=options["safe"],
        note=options["note"],
    )
    return _answer("Entered", [enter_address(recipient=recipient, person=signed_in(options))])


def change(options: Options) -> Answer:
    """Change one; it must be confirmed again."""
    entry = entry_of(options["label"])
    recipient = Recipient(
        label=options["new_label"] or entry.label,
        address=options["address"] or entry.address,
        network=entry.network if options["network"] is None else _network(options["network"]),
        is_safe=entry.is_safe if options["safe"] is None else options["safe"] == "yes",
        note=entry.note if options["note"] is None else options["note"],
    )
    changed = change_address(entry=entry, recipient=recipient, person=signed_in(options))
    return _answer("Changed", [changed])


def confirm(options: Options) -> Answer:
    """Stand behind one that somebody else entered."""
    entry, person = entry_of(options["label"]), signed_in(options)
    said = {"network": _network(options["network"]), "is_safe": options["safe"]}
    done = confirm_address(entry=entry, address=options["address"], person=person, **said)
    return _answer("Confirmed", [done])


def remove(options: Options) -> Answer:
    """Let nothing go there any more."""
    entry, person = entry_of(options["label"]), signed_in(options)
    removed = remove_address(entry=entry, reason=options["reason"], person=person)
    return _answer("Removed", [removed])


def entry_of(label: str) -> AddressBookEntry:
    """The entry of this label that was not removed."""
    rows = AddressBookEntry.objects.exclude(status=AddressBookEntry.Status.REMOVED)
    row = rows.select_related("network").filter(label=label).first()
    if row is None:
        raise BadInput(f"{label!r} is not in the address book; `addresses list` shows who is")
    return row


def _network(slug: str) -> Network | None:
    if not slug:
        return None
    found = Network.objects.filter(slug=slug).first()
    if found is None:
        known = ", ".join(Network.objects.values_list("slug", flat=True))
        raise BadInput(f"there is no network {slug}; known are {known or 'none'}")
    return found


def _answer(title: str, rows: list[AddressBookEntry]) -> Answer:
    facts = [_facts(row) for row in rows]
    shown = (
        (
            row.label,
            row.address,
            row.network.slug if row.network else "every",
            row.status,
            "yes" if row.is_safe else "",
            str(row.entered_by),
            str(row.confirmed_by or "") + (" (alone)" if row.confirmed_alone else ""),
        )
        for row in rows
    )
    return Answer(facts, (table(title, _COLUMNS, shown),))


def _facts(row: AddressBookEntry) -> dict[str, Any]:
    return {
        "label": row.label,
        "address": row.address,
        "network": row.network.slug if row.network else None,
        "status": row.status,
        "safe": row.is_safe,
        "note": row.note,
        "entered_by": str(row.entered_by),
        "confirmed_by": str(row.confirmed_by) if row.confirmed_by else None,
        "confirmed_alone": row.confirmed_alone,
    }
