"""Airdrops, who may claim them, and what was claimed."""

from django.db import models
from django.db.models import Q

from wallets.addresses import AddressField
from wallets.amounts import AmountField


class Campaign(models.Model):
    """An airdrop, from rumour to end."""

    class Status(models.TextChoices):
        RUMOURED = "rumoured", "Rumoured"
        ANNOUNCED = "announced", "Announced"
        SNAPSHOT = "snapshot", "Snapshot taken"
        CLAIMABLE = "claimable", "Claimable"
        ENDED = "ended", "Ended"

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    protocol = models.ForeignKey(
        "protocols.Protocol", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    networks = models.ManyToManyField("wallets.Network", blank=True, related_name="campaigns")
    token = models.ForeignKey(
        "wallets.Token", null=True, blank=True, on_delete=models.PROTECT, related_name="campaigns"
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUMOURED)
    criteria = models.SlugField(
        blank=True, help_text="Which of the shipped or own rule sets decides about it."
    )
    announced_on = models.DateField(null=True, blank=True)
    snapshot_at = models.DateTimeField(null=True, blank=True)
    claim_contract = AddressField(blank=True)
    claim_opens_at = models.DateTimeField(null=True, blank=True)
    claim_closes_at = models.DateTimeField(null=True, blank=True)
    link = models.URLField(blank=True)
    links = models.JSONField(default=list, blank=True, help_text="Further addresses, a list.")
    expected_cents = models.BigIntegerField(
        null=True, blank=True, help_text="What it may bring in all, in US cents; empty is unknown."
    )
    notes = models.TextField(blank=True)
    tasks = models.ManyToManyField("scheduling.Task", blank=True, related_name="campaigns")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                condition=Q(claim_opens_at__isnull=True)
                | Q(claim_closes_at__isnull=True)
                | Q(claim_closes_at__gt=models.F("claim_opens_at")),
                name="campaign_window_in_order",
            ),
        )

    def __str__(self) -> str:
        return self.name


class Eligibility(models.Model):
    """Whether a wallet is entitled to a campaign; unknown until somebody or something knows."""

    class Status(models.TextChoices):
        UNKNOWN = "unknown", "Unknown"
        ELIGIBLE = "eligible", "Eligible"
        NOT_ELIGIBLE = "not_eligible", "Not eligible"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="eligibilities")
    wallet = models.ForeignKey(
        "wallets.Wallet", on_delete=models.PROTECT, related_name="eligibilities"
    )
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.UNKNOWN)
    amount = AmountField(null=True, blank=True)
    points = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    # Per rule: what it asked, what was found, what it gave.
    details = models.JSONField(default=list, blank=True)
    source = models.CharField(max_length=300, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "Eligibilities"
        constraints = (
            models.UniqueConstraint(fields=("campaign", "wallet"), name="eligibility_once"),
        )

    def __str__(self) -> str:
        return f"{self.wallet} in {self.campaign}"


class Claim(models.Model):
    """What a wallet can claim or has claimed, and how."""

    class Status(models.TextChoices):
        CLAIMABLE = "claimable", "Claimable"
        CLAIMED = "claimed", "Claimed"
        MISSED = "missed", "Missed"

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="claims")
    wallet = models.ForeignKey("wallets.Wallet", on_delete=models.PROTECT, related_name="claims")
    network = models.ForeignKey("wallets.Network", on_delete=models.PROTECT, related_name="+")
    contract = AddressField()
    amount = AmountField()
    proof = models.JSONField(
        default=dict, blank=True, help_text="What the claim's parameters need."
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.CLAIMABLE)
    transaction = models.ForeignKey(
        "wallets.Transaction", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # Whoever sent it: a claim made elsewhere, or by somebody for us.
    transfer = models.ForeignKey(
        "analytics.ChainTransfer", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # Kept beside both, so that a claim read from a file says what claimed it too.
    claimed_hash = models.CharField(max_length=66, blank=True)
    reason = models.CharField(
        max_length=300, blank=True, help_text="Why a person says that it was claimed or missed."
    )

    class Meta:
        permissions = (("operate_claim", "Can say what became of claims"),)
        constraints = (
            models.UniqueConstraint(
                fields=("campaign", "wallet", "network", "contract"), name="claim_once"
            ),
            models.CheckConstraint(
                condition=~Q(status="claimed")
                | Q(transaction__isnull=False)
                | Q(transfer__isnull=False)
                | ~Q(claimed_hash="")
                | ~Q(reason=""),
                name="claim_claimed_has_cause",
            ),
        )

    def __str__(self) -> str:
        return f"{self.wallet}: {self.campaign}"
