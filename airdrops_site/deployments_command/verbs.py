"""The verbs of `manage.py deployments`: list, verify, enable, disable."""

import sys
from collections import Counter
from collections.abc import Iterable, Sequence

from airdrops_site.answers import Answer, BadInput, table
from airdrops_site.deployments_command.scope import Options, chosen, named, refresh
from airdrops_site.deployments_command.words import COLUMNS, checked_line, facts, line
from airdrops_site.people import signed_in
from protocols.checking import Checked, check_network
from protocols.deployments import DeploymentError
from protocols.models import Deployment
from protocols.services import (
    disable_deployment,
    is_doubted,
    override_doubt,
    permissions_of,
    verify_deployment,
)
from protocols.verification import Vouched
from wallets.address_book import Person, require_right
from wallets.chain.client import NetworkClient
from wallets.chain.errors import ChainError

Said = tuple[Answer, int]
ACTOR = "command line"


def listed(options: Options) -> Said:
    """Those that are known, with what was found of them on chain."""
    refresh()
    rows = chosen(options)
    if options["changed"]:
        rows = rows.filter(changed_at__isnull=False)
    if options["enabled"]:
        rows = rows.filter(enabled=True)
    found = list(rows)
    shown = table("Deployments", COLUMNS, (line(row) for row in found))
    return Answer([facts(row) for row in found], (shown,)), 0


def verified(options: Options) -> Said:
    """Ask the chains about them; exit 1 where one has changed, is missing or is not known."""
    refresh()
    if options["numbers"]:
        _refuse_doubted(rows := named(options))
    else:
        rows = chosen(options).filter(network__enabled=True)
    found = _checked(list(rows))
    counts = Counter(one.verdict.value for one in found)
    answer = [
        {**facts(one.deployment), "verdict": one.verdict.value, "problem": one.sentence}
        for one in found
    ]
    total = ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"
    shown = table(
        "Verified", ("Number", "Contract", "Verdict", "Problem"), map(checked_line, found)
    )
    code = 0 if all(one.verdict.is_fine for one in found) else 1
    return Answer(answer, (shown, f"{total}.")), code


def enabled(options: Options) -> Said:
    """Enable what is found on chain as it is on record; exit 1 where one could not be."""
    refresh()
    rows = list(named(options))
    if options["dry_run"]:
        return _would_allow(rows), 0
    vouched = Vouched(options["code_hash"] or "", options["implementation"] or "")
    person = _person(options, vouched, rows)
    # By filters, what is published as not to be used is passed over; by number it was refused.
    rows = [row for row in rows if person or not is_doubted(row)]
    problems = [_enable(row, options, vouched, person) for row in rows]
    now = _read_again(rows)
    lines = [text for text in problems if text]
    shown = table("Enabled", COLUMNS, (line(row) for row in now))
    answer = [{**facts(row), "problem": text} for row, text in zip(now, problems, strict=True)]
    return Answer(answer, (shown, *lines)), 1 if lines else 0


def disabled(options: Options) -> Said:
    """Take them out of use, with what they allowed."""
    rows = list(named(options))
    for row in rows:
        disable_deployment(deployment=row, reason=options["reason"], actor=ACTOR)
    now = _read_again(rows)
    shown = table("Disabled", COLUMNS, (line(row) for row in now))
    return Answer([facts(row) for row in now], (shown,)), 0


def _would_allow(rows: list[Deployment]) -> Answer:
    """What the policy would let be called; of what is doubted, why it would not."""
    wanted = [row for row in rows if not is_doubted(row)]
    passed = [f"{row} stays disabled: {row.doubt}" for row in rows if is_doubted(row)]
    allowed = [
        {**facts(row), "would_allow": [one.signature for one in permissions_of(row)]}
        for row in wanted
    ]
    lines = (
        (
            str(row.pk),
            str(row),
            row.address,
            ", ".join(one.signature for one in permissions_of(row)),
        )
        for row in wanted
    )
    columns = ("Number", "Contract", "Address", "Would be allowed")
    return Answer(allowed, (table("Would be enabled", columns, lines), *passed))


def _checked(rows: list[Deployment]) -> list[Checked]:
    found: list[Checked] = []
    networks = dict.fromkeys(row.network for row in rows)
    for number, network in enumerate(networks, 1):
        here = [row for row in rows if row.network == network]
        found += check_network(network, here)
        _tell(f"{network.slug}: {len(here)} contracts, network {number} of {len(networks)}")
    again = _read_again([one.deployment for one in found])
    return [Checked(row, one.verdict, one.sentence) for row, one in zip(again, found, strict=True)]


def _read_again(rows: Sequence[Deployment]) -> list[Deployment]:
    """The same rows, as they are now."""
    now = Deployment.objects.select_related("network", "protocol").in_bulk([row.pk for row in rows])
    return [now[row.pk] for row in rows]


def _refuse_doubted(rows: Iterable[Deployment]) -> None:
    for row in rows:
        if is_doubted(row):
            raise BadInput(
                f"deployment {row.pk}, {row}, is published as not to be used: {row.doubt}; "
                "`deployments enable --override-reason` is for somebody who knows better"
            )


def _person(options: Options, vouched: Vouched, rows: list[Deployment]) -> Person | None:
    """Who answers for it, where somebody has to."""
    wanted = options["override_reason"] or vouched.code_hash or vouched.implementation
    if not wanted:
        if options["numbers"]:
            _refuse_doubted(rows)
        return None
    if len(options["numbers"]) != 1:
        raise BadInput("what a person answers for is one deployment; give its number")
    if not options["user"]:
        raise BadInput("--override-reason, --code-hash and --implementation need --user")
    person = signed_in(options)
    require_right(person, "protocols.vouch_deployment")
    return person


def _enable(row: Deployment, options: Options, vouched: Vouched, person: Person | None) -> str:
    """Why it could not be; empty where it was."""
    actor = f"user {person.get_username()}" if person else ACTOR
    try:
        if options["override_reason"] and person is not None:
            override_doubt(deployment=row, person=person, reason=options["override_reason"])
        client = NetworkClient(row.network)
        verify_deployment(deployment=row, client=client, vouched=vouched, actor=actor)
    except (DeploymentError, ChainError) as error:
        return f"{row.pk}: {error}"
    _tell(f"{row}: enabled")
    return ""


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
