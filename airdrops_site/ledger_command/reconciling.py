"""What `manage.py ledger` says of books and chain side by side, and how they are put right."""

import sys
from collections.abc import Iterable
from typing import Any

from django.core.management.base import CommandParser
from rich.table import Table

from airdrops_site.answers import Answer, BadInput, table
from airdrops_site.ledger_command.scope import (
    add_place,
    add_scope,
    costs_of,
    networks_of,
    place_of,
    token_named,
    wallets_of,
)
from airdrops_site.people import shell_actor
from airdrops_site.tx.known import a_reason
from analytics.books.beside import Beside, Line, put_beside
from analytics.books.explaining import Explanation, Finding, explain
from analytics.books.opening import NotOpened, Opening, open_books
from analytics.books.reading import book_everything
from analytics.books.repairing import adjust, repair
from wallets.amounts import to_decimal
from wallets.chain.client import NetworkClient
from wallets.models import Network

DIFFERS = 1
_LINES = ("Network", "Wallet", "Token", "Books", "Chain", "Difference")
_FINDINGS = ("Network", "Wallet", "Token", "Amount", "Block", "What it is", "Transaction")
_OPENINGS = ("Wallet", "Token", "Amount", "Block", "At", "Cost in dollars")


def of_balances(parser: CommandParser) -> None:
    """Nothing but what it is about."""
    add_scope(parser)


def of_reconcile(parser: CommandParser) -> None:
    """And whether to put it right."""
    add_scope(parser)
    parser.add_argument("--repair", action="store_true", help="book what the chain explains")
    parser.add_argument("--dry-run", action="store_true", help="say what --repair would book")


def of_open(parser: CommandParser) -> None:
    """Where, and what it cost."""
    add_place(parser)
    parser.add_argument(
        "--cost", action="append", default=[], metavar="TOKEN=DOLLARS", help="what it cost in all"
    )
    parser.add_argument("--at-price", action="store_true", help="else the price of that time")
    parser.add_argument("--reason", type=a_reason, default="there before the books began")
    parser.add_argument("--dry-run", action="store_true", help="enter nothing")


def of_adjust(parser: CommandParser) -> None:
    """Of what, and why."""
    add_place(parser)
    parser.add_argument("--token", required=True, help="its symbol or address")
    parser.add_argument("--reason", type=a_reason, required=True, help="why nothing explains it")
    parser.add_argument("--dry-run", action="store_true", help="enter nothing")


def of_book(parser: CommandParser) -> None:
    """Where."""
    parser.add_argument("--network", default="", help="only on this one, by its slug")


def show_balances(options: dict[str, Any]) -> tuple[Answer, int]:
    """Books and chain at one final block for each network."""
    found = [_beside(network, options) for network in networks_of(options)]
    return _answer(found, [], {})


def reconcile(options: dict[str, Any]) -> tuple[Answer, int]:
    """The same, with the cause of every difference; on request put right."""
    if options["dry_run"] and not options["repair"]:
        raise BadInput("--dry-run says what --repair would do; give both")
    found: list[Beside] = []
    findings: list[Finding] = []
    booked: dict[str, int] = {}
    for network in networks_of(options):
        beside = _beside(network, options)
        if beside.different:
            told = _explain(beside)
            findings += told.findings
            if options["repair"] and not options["dry_run"]:
                _say(f"{network.slug}: booking what was found")
                changed = repair(beside=beside, found=told, actor=shell_actor())
                booked[network.slug] = changed
                beside = put_beside(
                    network=network,
                    client=NetworkClient(network),
                    wallets=wallets_of(options),
                    at=beside.block,
                )
        found.append(beside)
    return _answer(found, findings, booked)


def open_wallet(options: dict[str, Any]) -> Answer:
    """What was there before the books."""
    wallet, network = place_of(options)
    try:
        found = open_books(
            wallet=wallet,
            network=network,
            client=NetworkClient(network),
            actor=shell_actor(),
            reason=options["reason"],
            costs=costs_of(network, options["cost"]),
            at_price=options["at_price"],
            dry_run=options["dry_run"],
        )
    except NotOpened as error:
        raise BadInput(str(error)) from error
    facts = [_opening(one) for one in found]
    done = "nothing was entered" if options["dry_run"] or not found else "entered"
    return Answer(facts, (table("Openings", _OPENINGS, map(_texts, facts)), done))


def adjust_line(options: dict[str, Any]) -> Answer:
    """What nobody can explain, by a person's word."""
    wallet, network = place_of(options)
    token = token_named(network, options["token"])
    beside = put_beside(network=network, client=NetworkClient(network), wallets=[wallet])
    line = next((one for one in beside.lines if one.token == token), None)
    if beside.block is None or line is None or line.chain is None:
        raise BadInput(f"the balance of {token} is unknown: {beside.problem or 'no number'}")
    if line.is_equal:
        raise BadInput(f"books and chain have the same {token} of {wallet}; nothing is to be done")
    facts = _line(beside, line)
    if options["dry_run"]:
        return Answer(facts, (f"would be adjusted by {facts['difference']} {token.symbol}",))
    entry = adjust(line=line, block=beside.block, reason=options["reason"], actor=shell_actor())
    return Answer({**facts, "entry": entry.pk}, (f"adjusted by entry {entry.pk}: {entry}",))


def book_told_again(options: dict[str, Any]) -> Answer:
    """All the chain told, for instance after a token was registered."""
    changed = {one.slug: book_everything(one.pk) for one in networks_of(options)}
    words = [f"{slug}: {count} entries changed" for slug, count in changed.items()]
    return Answer(changed, tuple(words))


def _beside(network: Network, options: dict[str, Any]) -> Beside:
    _say(f"{network.slug}: reading balances")
    return put_beside(network=network, client=NetworkClient(network), wallets=wallets_of(options))


def _explain(beside: Beside) -> Explanation:
    _say(f"{beside.network.slug}: {len(beside.different)} differ; looking for the blocks")
    return explain(beside=beside, client=NetworkClient(beside.network))


def _answer(
    found: Iterable[Beside], findings: list[Finding], booked: dict[str, int]
) -> tuple[Answer, int]:
    every = list(found)
    lines = [_line(beside, line) for beside in every for line in beside.lines]
    shown = [_line(beside, line) for beside in every for line in beside.different]
    differ = len(shown)
    facts: dict[str, Any] = {
        "blocks": {one.network.slug: one.block.number if one.block else None for one in every},
        "problems": {one.network.slug: one.problem for one in every if one.problem},
        "lines": lines,
        "different": differ,
        "findings": [_finding(one) for one in findings],
        "booked": booked,
    }
    parts: list[Table | str] = [f"{slug}: {problem}" for slug, problem in facts["problems"].items()]
    if findings:
        rows = (_texts(one) for one in facts["findings"])
        parts.append(table("Found", _FINDINGS, rows))
    if shown:
        parts.append(table("Not equal", _LINES, map(_texts, shown)))
    parts += [f"{slug}: {count} entries booked" for slug, count in booked.items()]
    parts.append(f"{len(lines) - differ} of {len(lines)} balances equal to the wei")
    return Answer(facts, tuple(parts)), DIFFERS if differ else 0


def _line(beside: Beside, line: Line) -> dict[str, Any]:
    return {
        "network": beside.network.slug,
        "wallet": line.wallet.label,
        "token": line.token.symbol,
        "books": _amount(line, line.books),
        "chain": _amount(line, line.chain),
        "difference": _amount(line, line.difference),
    }


def _finding(one: Finding) -> dict[str, Any]:
    said = f"{one.cause.value}: {one.detail}" if one.detail else one.cause.value
    return {
        "network": one.line.token.network.slug,
        "wallet": one.line.wallet.label,
        "token": one.line.token.symbol,
        "amount": _amount(one.line, one.amount),
        "block": one.block,
        "what": said,
        "hash": one.hash,
    }


def _opening(one: Opening) -> dict[str, Any]:
    return {
        "wallet": one.wallet.label,
        "token": one.token.symbol,
        "amount": f"{to_decimal(one.amount, one.token.decimals):f}",
        "block": one.block_number,
        "at": one.at.isoformat(),
        "cost": None if one.cost_cents is None else f"{to_decimal(one.cost_cents, 2):f}",
    }


def _amount(line: Line, amount: int | None) -> str | None:
    """Exact, as a person reads it; None is unknown."""
    if amount is None:
        return None
    sign = "-" if amount < 0 else ""
    return f"{sign}{to_decimal(abs(amount), line.token.decimals):f}"


def _texts(facts: dict[str, Any]) -> tuple[str, ...]:
    return tuple("unknown" if value is None else str(value) for value in facts.values())


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence} …\n")
