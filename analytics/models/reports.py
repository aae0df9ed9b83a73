"""Reports that were made, each once for its time."""

from django.db import models
from django.db.models import F, Q


class Report(models.Model):
    """What a day, a week or a campaign came to, as it was known when it was made.

    Its pages and files are rendered from `document` whenever somebody asks for them.
    """

    class Kind(models.TextChoices):
        DAILY = "daily", "Daily"
        WEEKLY = "weekly", "Weekly"
        CAMPAIGN = "campaign", "Campaign"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    campaign = models.ForeignKey(
        "analytics.Campaign",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="reports",
    )
    start = models.DateTimeField(help_text="It is about what came from then on (UTC).")
    end = models.DateTimeField(help_text="And before then.")
    made_at = models.DateTimeField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the document, in hex.")
    document = models.JSONField(help_text="All that it says.")

    class Meta:
        ordering = ("-start", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "start"), condition=Q(campaign=None), name="report_once"
            ),
            models.UniqueConstraint(
                fields=("campaign", "start"),
                condition=Q(campaign__isnull=False),
                name="report_of_campaign_once",
            ),
            models.CheckConstraint(
                condition=Q(kind="campaign", campaign__isnull=False)
                | (~Q(kind="campaign") & Q(campaign=None)),
                name="report_of_campaign_has_one",
            ),
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="report_in_order"),
        )

    def __str__(self) -> str:
        of = f" of {self.campaign}" if self.campaign_id else ""
        return f"{self.get_kind_display()} report{of}, {self.start:%Y-%m-%d}"
