"""The weekly look at registered contracts."""

from collections import Counter

from airdrops_site.upkeep.results import Result
from protocols.checking import Verdict, check_deployments
from protocols.models import Deployment
from wallets.chain.access import allowed_kinds


def verify_contracts(_by: str) -> Result:
    """Every contract of an enabled network; what has changed is disabled, as ever."""
    rows = Deployment.objects.filter(network__enabled=True, network__kind__in=allowed_kinds())
    seen: Counter[str] = Counter()
    findings: list[str] = []
    unknown: list[str] = []
    for one in check_deployments(rows.select_related("network", "protocol").order_by("pk")):
        seen[one.verdict.value] += 1
        if not one.verdict.is_fine:
            said = f"{one.deployment}: {one.sentence}"
            (unknown if one.verdict == Verdict.UNKNOWN else findings).append(said)
    summary = f"{seen.total()} contracts: {len(findings)} differ, {len(unknown)} did not answer."
    return Result(summary, findings, unknown, dict(seen))
