"""Where wallets were found to stand by the criteria of a campaign, and what only people know."""

from django.db import models
from django.db.models import F, Q

from analytics.models.campaigns import Eligibility


class Attestation(models.Model):
    """A fact about a wallet that no chain of ours tells: a vote, a badge, a list it is on.

    Yes is 1 and no is 0. What nobody attests is unknown.
    """

    wallet = models.ForeignKey(
        "wallets.Wallet", on_delete=models.CASCADE, related_name="attestations"
    )
    fact = models.SlugField(max_length=48, help_text="As rule sets name it.")
    value = models.DecimalField(max_digits=38, decimal_places=18)
    source = models.CharField(max_length=300, help_text="Where it can be looked up.")
    attested_by = models.CharField(max_length=150, blank=True)
    attested_at = models.DateTimeField()

    class Meta:
        ordering = ("fact", "wallet")
        constraints = (
            models.UniqueConstraint(fields=("wallet", "fact"), name="attestation_once"),
            models.CheckConstraint(condition=Q(value__gte=0), name="attestation_not_negative"),
        )

    def __str__(self) -> str:
        return f"{self.fact} of {self.wallet}"


class CriterionEvaluation(models.Model):
    """All wallets set against the rule set of a campaign, once; the newest made the eligibility."""

    campaign = models.ForeignKey(
        "analytics.Campaign", on_delete=models.CASCADE, related_name="evaluations"
    )
    rule_set = models.SlugField()
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the rule set's file.")
    confidence = models.CharField(max_length=12)
    complete = models.BooleanField(
        default=False, help_text="A person said that all history was read."
    )
    wallets = models.PositiveIntegerField()
    eligible = models.PositiveIntegerField()
    unknown = models.PositiveIntegerField()
    evaluated_at = models.DateTimeField()
    evaluated_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ("-evaluated_at", "-id")
        indexes = (
            models.Index(fields=("campaign", "-evaluated_at"), name="evaluation_by_campaign"),
        )

    def __str__(self) -> str:
        return f"{self.rule_set} for {self.campaign} at {self.evaluated_at:%Y-%m-%d %H:%M}"


class CriterionResult(models.Model):
    """What a wallet came to: from and to are equal where all is known; no `to` has no bound."""

    evaluation = models.ForeignKey(
        CriterionEvaluation, on_delete=models.CASCADE, related_name="results"
    )
    wallet = models.ForeignKey(
        "wallets.Wallet", on_delete=models.PROTECT, related_name="criterion_results"
    )
    status = models.CharField(max_length=12, choices=Eligibility.Status.choices)
    unread = models.JSONField(
        default=list, blank=True, help_text="Networks of which history is missing."
    )
    points_from = models.DecimalField(max_digits=38, decimal_places=18, null=True, blank=True)
    points_to = models.DecimalField(max_digits=38, decimal_places=18, null=True, blank=True)
    amount_from = models.DecimalField(max_digits=38, decimal_places=18, null=True, blank=True)
    amount_to = models.DecimalField(max_digits=38, decimal_places=18, null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("evaluation", "wallet"), name="criterion_result_once"),
            models.CheckConstraint(
                condition=Q(amount_to__isnull=True) | Q(amount_to__gte=F("amount_from")),
                name="criterion_result_amount_in_order",
            ),
        )

    def __str__(self) -> str:
        return f"{self.wallet}: {self.status}"
