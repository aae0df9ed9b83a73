"""What each verb of `manage.py calls` asks of floor 2."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from airdrops_site.actions_command.scope import wallet_of
from airdrops_site.answers import Answer, BadInput, table
from airdrops_site.people import signed_in
from protocols.approved_calls import (
    Proposal,
    approve_call,
    check_proposal,
    end_expired_calls,
    propose_call,
    revoke_call,
)
from protocols.models import ApprovedCall
from wallets.models import Network

Options = dict[str, Any]
_COLUMNS = (
    *("Call", "Network", "Address", "Function", "Wei", "Wallet", "Uses", "State", "Until"),
    *("By", "Approved by"),
)


def listed(options: Options) -> Answer:
    """Those that are proposed or approved; ended ones only on request."""
    end_expired_calls()
    rows = ApprovedCall.objects.select_related("network", "wallet", "proposed_by", "approved_by")
    if not options["all"]:
        rows = rows.exclude(state=ApprovedCall.State.ENDED)
    return _answer("Approved calls", list(rows))


def propose(options: Options) -> Answer:
    """Propose one; with --dry-run only say what it would be."""
    proposal = Proposal(
        network=_network(options["network"]),
        address=options["address"],
        function=_function(options["function"]),
        arguments=_arguments(options["arguments"]),
        value=options["value"],
        wallet=wallet_of(options["wallet"]) if options["wallet"] else None,
        max_uses=options["uses"],
        expires_at=timezone.now() + timedelta(hours=options["hours"]),
        note=options["note"],
    )
    if options["dry_run"]:
        return _answer("Would be proposed", [check_proposal(proposal)])
    return _answer("Proposed", [propose_call(proposal=proposal, person=signed_in(options))])


def approve(options: Options) -> Answer:
    """Stand behind the call with these bytes."""
    call = _call(options["call"])
    if options["digest"] != call.digest:
        raise BadInput(
            f"call {call.pk} has another digest; look at its bytes with `calls list --json`"
        )
    return _answer("Approved", [approve_call(call=call, person=signed_in(options))])


def revoke(options: Options) -> Answer:
    """Let nothing make it any more."""
    call = _call(options["call"])
    ended = revoke_call(call=call, reason=options["reason"], person=signed_in(options))
    return _answer("Ended", [ended])


def _call(key: int) -> ApprovedCall:
    row = ApprovedCall.objects.select_related("network", "wallet").filter(pk=key).first()
    if row is None:
        raise BadInput(f"there is no call {key}; `calls list --all` shows which there are")
    return row


def _network(slug: str) -> Network:
    found = Network.objects.filter(slug=slug).first()
    if found is None:
        known = ", ".join(Network.objects.values_list("slug", flat=True))
        raise BadInput(f"there is no network {slug}; known are {known or 'none'}")
    return found


def _function(text: str) -> str:
    """The text, or that of a file with the ABI fragment."""
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise BadInput(f"the file {text[1:]} cannot be read: {error}") from error


def _arguments(text: str) -> Any:
    try:
        return json.loads(text, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"the arguments are no JSON: {error}; write a list, [] for none") from None


def _answer(title: str, rows: list[ApprovedCall]) -> Answer:
    shown = (
        (
            str(row.pk or ""),
            row.network.slug,
            row.address,
            row.function,
            str(row.value),
            row.wallet.label if row.wallet else "any",
            str(row.max_uses or "any"),
            row.state,
            f"{row.expires_at:%Y-%m-%d %H:%M} UTC",
            str(row.proposed_by) if row.proposed_by_id else "",
            str(row.approved_by or "") + (" (alone)" if row.approved_alone else ""),
        )
        for row in rows
    )
    return Answer([_facts(row) for row in rows], (table(title, _COLUMNS, shown),))


def _facts(row: ApprovedCall) -> dict[str, Any]:
    return {
        "call": row.pk,
        "network": row.network.slug,
        "state": row.state,
        "wallet": row.wallet.label if row.wallet else None,
        "max_uses": row.max_uses,
        "expires_at": row.expires_at.isoformat(),
        "proposed_by": str(row.proposed_by) if row.proposed_by_id else None,
        "approved_by": str(row.approved_by) if row.approved_by else None,
        "approved_alone": row.approved_alone,
        "note": row.note,
        "digest": row.digest,
        "data": f"0x{bytes(row.data).hex()}",
        # What a task of the action takes.
        "params": {
            "address": row.address,
            "function": row.function,
            "arguments": row.arguments,
            "value": str(row.value),
        },
    }
