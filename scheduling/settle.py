"""Read from a confirmed transaction's logs what it moved."""

from typing import Any

from django.utils import timezone

from protocols.actions import Context
from protocols.params import read_params
from protocols.registry import get_action
from protocols.settlements import settlement_to_json
from protocols.tokens import ensure_token
from scheduling.models import Step
from scheduling.progress import read_receipt
from scheduling.specs import call_from_json


def settle_step(step: Step, ctx: Context) -> dict[str, Any]:
    """The fields of the settled step. May ask the chain about a token not met before."""
    run, row = step.run, step.transaction
    if row is None:
        raise ValueError(f"step {step.pk} has no transaction to settle")
    receipt = row.receipts.select_related("attempt").get(canonical=True)
    action = get_action(run.task.protocol.slug, run.task.action)
    settlement = action.settle(
        ctx,
        read_params(action.Params, run.params),
        read_receipt(call_from_json(step.spec), receipt),
    )
    for movement in settlement.movements:
        ensure_token(network=row.network, address=movement.token, chain=ctx.chain)
    return {
        "settlement": settlement_to_json(settlement),
        "settled_receipt": receipt,
        "detail": f"settled {timezone.now():%Y-%m-%d %H:%M:%S} UTC",
    }
