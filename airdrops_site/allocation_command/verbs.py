"""What each verb of `manage.py allocation` asks of the services below."""

import sys
from typing import Any

from django.utils import timezone

from airdrops_site.allocation_command.show import listed, rebalance_in_full, run_in_full
from airdrops_site.answers import Answer, BadInput
from airdrops_site.people import signed_in
from analytics.allocation.approving import apply, approve, refuse
from analytics.allocation.computing import compute_run, worked_out
from analytics.allocation.proposing import propose, try_out
from analytics.allocation.states import RebalanceState
from analytics.models import AllocationPolicy, AllocationRun, Rebalance
from scheduling.plans.making import Maker

Options = dict[str, Any]
# Something could be worked out, and the answer is no.
NO = 1


def show_all(_options: Options) -> Answer:
    """Every policy with its newest run."""
    return listed(AllocationPolicy.objects.prefetch_related("buckets"))


def show_one(options: Options) -> Answer:
    """The newest run of a policy, now and target."""
    policy = _policy(options)
    run = AllocationRun.objects.filter(policy=policy).select_related("policy").first()
    if run is None:
        raise BadInput(f"{policy} was never computed; `allocation compute {policy}` does it")
    return run_in_full(run)


def compute(options: Options) -> tuple[Answer, int]:
    """Work it out, and keep it unless it is only tried."""
    policy = _policy(options)
    dry = options["dry_run"]
    run = worked_out(policy, timezone.now()) if dry else compute_run(policy=policy)
    refused = run.status == AllocationRun.Status.REFUSED
    return run_in_full(run), NO if refused else 0


def make_proposal(options: Options) -> tuple[Answer, int]:
    """The moves and what they cost; asks the chains."""
    policy = _policy(options)
    if options["dry_run"]:
        row = try_out(policy=policy, tell=_tell)
    elif options["user"]:
        row = propose(policy=policy, maker=Maker.of(signed_in(options)), tell=_tell)
    else:
        raise BadInput("say who proposes it with --user, or only try it with --dry-run")
    return rebalance_in_full(row), NO if row.state == RebalanceState.REFUSED else 0


def show_rebalance(options: Options) -> Answer:
    """One as it is to be approved, or what became of it."""
    return rebalance_in_full(_rebalance(options))


def consent(options: Options) -> Answer:
    """Approve it; or only show what would be approved."""
    row = _rebalance(options)
    if not options["dry_run"]:
        row = approve(rebalance=row, person=_person(options), reason=options["reason"] or "")
    return rebalance_in_full(row)


def carry_out(options: Options) -> Answer:
    """Switch its tasks on; or only show them."""
    row = _rebalance(options)
    if not options["dry_run"]:
        row = apply(rebalance=row, person=_person(options), reason=options["reason"] or "")
    return rebalance_in_full(row)


def turn_down(options: Options) -> Answer:
    """Not this one."""
    row = _rebalance(options)
    row = refuse(rebalance=row, person=signed_in(options), reason=options["reason"] or "")
    return rebalance_in_full(row)


def _person(options: Options) -> Any:
    if not options["user"]:
        raise BadInput("say who you are with --user, or only look with --dry-run")
    return signed_in(options)


def _policy(options: Options) -> AllocationPolicy:
    found = AllocationPolicy.objects.filter(name=options["policy"]).first()
    if found is None:
        raise BadInput(f"there is no policy {options['policy']!r}; `allocation list` shows them")
    return found


def _rebalance(options: Options) -> Rebalance:
    rows = Rebalance.objects.select_related("policy", "run", "approved_by")
    found = rows.filter(pk=options["rebalance"]).first()
    if found is None:
        raise BadInput(f"there is no rebalance {options['rebalance']}; `allocation list`")
    return found


def _tell(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()
