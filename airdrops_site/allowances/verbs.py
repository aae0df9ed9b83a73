"""What each verb of `manage.py allowances` asks of the services below."""

import sys
from collections.abc import Iterator, Sequence

from django.db.models import Q

from airdrops_site.allowances.lines import Line, line_of, told
from airdrops_site.allowances.scope import FILTERS, Options, networks, rows, scopes
from airdrops_site.answers import BadInput
from airdrops_site.people import shell_actor
from scheduling.allowances import revoke_now
from wallets.addresses import parse_address
from wallets.ages import age_of
from wallets.allowance_coverage import Coverage, coverage_of
from wallets.allowance_readings import check_allowances
from wallets.allowance_scans import networks_to_scan, scan_allowances
from wallets.allowances import Reading, known, pairs
from wallets.chain.client import NetworkClient
from wallets.models import Allowance, AllowanceScan, Network
from wallets.transactions.operator import NotPossible


def listed(options: Options) -> list[Line]:
    """What stands or is not known; with `all`, also what is known to be zero."""
    found = rows(options)
    if not options["all"]:
        found = found.filter(Q(amount__gt=0) | Q(amount=None))
    for one in coverage_of(networks(options["network"])):
        tell(_sentence(one))
    return [line_of(row) for row in found]


def checked(options: Options) -> list[Line]:
    """What stands as the chain says now, and what it did not answer."""
    return [told(one) for one in _readings(options) if one.amount or one.problem]


def scanned(options: Options) -> list[Line]:
    """Ask each network about everything, at one block; what was left is gone on with."""
    extra = [parse_address(one) for one in options["spender"]]
    named = networks(options["network"])
    wanted = named if options["network"] else named & networks_to_scan()
    return [_scanned(network, extra) for network in wanted]


def status(options: Options) -> list[Line]:
    """For each network what the last scan asked, and what it could not."""
    return [_status(one) for one in coverage_of(networks(options["network"]))]


def revoked(options: Options) -> list[Line]:
    """Everything that stands, each with the transaction that takes it back, or why there is none.

    The chain is asked first. With `dry_run` nothing is asked of anybody else.
    """
    if not options["all"] and not any(options[name] for name in FILTERS):
        named = ", ".join(f"--{name}" for name in FILTERS)
        raise BadInput(f"say which: {named}, or --all")
    found = (_taken_back(one, options) for one in _readings(options))
    return [line for line in found if line is not None]


def tell(sentence: str) -> None:
    """Progress goes to standard error: standard output is for what was asked."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def _readings(options: Options) -> Iterator[Reading]:
    for scope in scopes(options):
        tokens = [one for one in scope.tokens if not one.is_native]
        wanted = pairs(scope.wallets, tokens, scope.spenders)
        client = NetworkClient(scope.network)
        yield from check_allowances(wanted=wanted, client=client, actor=shell_actor())


def _taken_back(reading: Reading, options: Options) -> Line | None:
    if reading.problem:
        return told(reading)
    row = known(reading.of).select_related("wallet", "token__network").first()
    if row is None or not row.amount:
        return None
    return {**line_of(row), **_revoke(row, options)}


def _revoke(row: Allowance, options: Options) -> Line:
    if options["dry_run"]:
        return {"transaction": None}
    try:
        reason = options["reason"]
        made = revoke_now(allowance=row, origin="operator", actor=shell_actor(), reason=reason)
    except NotPossible as error:
        return {"transaction": None, "problem": str(error)}
    return {"transaction": made.pk}


def _scanned(network: Network, extra: Sequence[str]) -> Line:
    client = NetworkClient(network)
    scan = scan_allowances(
        network=network, client=client, spenders=extra, progress=_progress, at_once=True
    )
    facts = _status(coverage_of([network])[0])
    if scan is None:
        sentence = f"another process scans {network.slug} now; `allowances status` shows the last"
        return {**facts, "problem": sentence}
    return facts


def _progress(scan: AllowanceScan) -> None:
    done = "done" if scan.finished_at else "under way"
    tell(
        f"{scan.network.slug} at block {scan.block_number}: {scan.asked:,} asked, "
        f"{scan.found:,} not zero, {scan.unknown:,} unknown; {done}"
    )


def _status(one: Coverage) -> Line:
    scan = one.scan
    facts: Line = {"network": one.network.slug, "never_asked": one.never_asked}
    if scan is not None:
        facts |= {
            "block": scan.block_number,
            "block_at": scan.block_at.isoformat(),
            "finished_at": scan.finished_at.isoformat() if scan.finished_at else None,
            "age": age_of(scan.finished_at or scan.begun_at),
            "asked": scan.asked,
            "found": scan.found,
            "unknown": scan.unknown,
        }
    left = AllowanceScan.objects.filter(network=one.network, finished_at=None).first()
    facts["left_unfinished_at_block"] = left.block_number if left else None
    incomplete = one.never_asked or (scan is not None and scan.unknown)
    return {**facts, "problem": _sentence(one) if incomplete else ""}


def _sentence(one: Coverage) -> str:
    scan, slug = one.scan, one.network.slug
    if scan is None:
        return f"{slug} was never scanned: {one.never_asked:,} allowances are unknown"
    age = age_of(scan.finished_at or scan.begun_at)
    said = f"{slug} was scanned at block {scan.block_number}, {age} ago"
    new = f"{one.never_asked:,} not asked about since they are new"
    return f"{said}: {scan.unknown:,} not answered, {new}"
