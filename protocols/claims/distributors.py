"""Which of a network's distributors is meant."""

from eth_typing import ChecksumAddress

from protocols.actions import Context, PlanError


def choose_distributor(
    ctx: Context, family: str, wanted: ChecksumAddress | None
) -> ChecksumAddress:
    """The one that is named, or the only one; PlanError where that is not an enabled deployment."""
    enabled = ctx.deployments_in(family)
    if wanted is None and len(enabled) > 1:
        names = ", ".join(f"{address} ({role})" for role, address in sorted(enabled.items()))
        raise PlanError(f"there are several distributors here; name one as distributor: {names}")
    if wanted is None:
        return next(iter(enabled.values()), None) or ctx.deployment(family)
    if wanted not in enabled.values():
        raise PlanError(
            f"{wanted} is no enabled {family} on chain {ctx.chain_id}; register and verify it first"
        )
    return wanted
