"""Where each wallet of a campaign stood at its newest evaluation."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from analytics.models import Campaign, CriterionEvaluation, CriterionResult, Eligibility
from wallets.models import Wallet


@dataclass(frozen=True, slots=True)
class Standing:
    """A wallet, its status, points and amount (from and to; no `to` is without a bound).

    `rules` is as an eligibility keeps it: rule, met (None is unknown), gives, and per metric that
    is asked for: wanted, found, missing. `unread` are networks whose history is missing.
    """

    wallet: Wallet
    status: str
    points: tuple[Decimal | None, Decimal | None]
    amount: tuple[Decimal | None, Decimal | None]
    rules: tuple[dict[str, Any], ...]
    unread: tuple[str, ...]


def latest_evaluation(campaign: Campaign) -> CriterionEvaluation | None:
    """The newest there is."""
    return CriterionEvaluation.objects.filter(campaign=campaign).first()


def standing(
    *,
    campaign: Campaign,
    evaluation: CriterionEvaluation | None = None,
    wallets: Sequence[int] | None = None,
) -> list[Standing]:
    """By the labels of the wallets; empty if the campaign was never evaluated. Three questions."""
    newest = evaluation or latest_evaluation(campaign)
    if newest is None:
        return []
    rows = CriterionResult.objects.filter(evaluation=newest).select_related("wallet")
    if wallets is not None:
        rows = rows.filter(wallet__in=wallets)
    details = dict(
        Eligibility.objects.filter(campaign=campaign, wallet__in=rows.values("wallet")).values_list(
            "wallet_id", "details"
        )
    )
    return [
        Standing(
            row.wallet,
            row.status,
            (row.points_from, row.points_to),
            (row.amount_from, row.amount_to),
            tuple(details.get(row.wallet_id, ())),
            tuple(row.unread),
        )
        for row in rows.order_by("wallet__label", "wallet_id")
    ]
