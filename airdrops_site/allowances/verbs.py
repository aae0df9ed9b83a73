"""What each verb of `manage.py allowances` asks of the services below."""

import getpass
from collections.abc import Iterator
from typing import Any

from airdrops_site.allowances.scope import FILTERS, Options, rows, scopes
from airdrops_site.scripted import BadInput
from scheduling.allowances import revoke_now
from wallets.allowances import Reading, check_allowances, known
from wallets.amounts import show_amount
from wallets.chain.client import NetworkClient
from wallets.models import Allowance
from wallets.transactions.operator import NotPossible

Line = dict[str, Any]


def listed(options: Options) -> list[Line]:
    """What stands as far as we know; with `all`, also what is known to be zero."""
    found = rows(options) if options["all"] else rows(options).filter(amount__gt=0)
    return [_line(row) for row in found]


def checked(options: Options) -> list[Line]:
    """What stands as the chain says now, and what it did not answer."""
    return [_told(one) for one in _readings(options) if one.amount or one.problem]


def revoked(options: Options) -> list[Line]:
    """Everything that stands, each with the transaction that takes it back, or why there is none.

    The chain is asked first. With `dry_run` nothing is asked of anybody else.
    """
    if not options["all"] and not any(options[name] for name in FILTERS):
        raise BadInput("say which: --wallet, --network, --token, --spender, or --all")
    found = (_taken_back(one, dry_run=options["dry_run"]) for one in _readings(options))
    return [line for line in found if line is not None]


def _readings(options: Options) -> Iterator[Reading]:
    for scope in scopes(options):
        yield from check_allowances(
            network=scope.network,
            wallets=scope.wallets,
            tokens=scope.tokens,
            spenders=scope.spenders,
            client=NetworkClient(scope.network),
        )


def _taken_back(reading: Reading, *, dry_run: bool) -> Line | None:
    if reading.problem:
        return _told(reading)
    row = known(reading.of).select_related("wallet", "token__network").first()
    if row is None or not row.amount:
        return None
    return {**_line(row), **_revoke(row, dry_run=dry_run)}


def _revoke(row: Allowance, *, dry_run: bool) -> Line:
    if dry_run:
        return {"transaction": None}
    actor = f"shell {getpass.getuser()}"
    try:
        return {"transaction": revoke_now(allowance=row, origin="operator", actor=actor).pk}
    except NotPossible as error:
        return {"transaction": None, "problem": str(error)}


def _told(reading: Reading) -> Line:
    row = known(reading.of).select_related("wallet", "token__network", "revocation").first()
    if row is not None and not reading.problem:
        return _line(row)
    one = reading.of
    return {
        "wallet": one.wallet.label,
        "network": one.token.network.slug,
        "token": one.token.symbol,
        "spender": one.spender,
        "amount": None,
        "problem": reading.problem,
    }


def _line(row: Allowance) -> Line:
    token = row.token
    return {
        "wallet": row.wallet.label,
        "network": token.network.slug,
        "token": token.symbol,
        "spender": row.spender,
        "amount": show_amount(row.amount, token.decimals, token.symbol),
        "base_units": str(row.amount),
        "block": row.block_number,
        "checked_at": row.checked_at.isoformat(timespec="seconds"),
        "transaction": row.revocation_id,
        "problem": "",
    }
