"""Calls of contracts that two persons stand behind, to the byte."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from wallets.addresses import AddressField, HashField
from wallets.amounts import AmountField


class ApprovedCall(models.Model):
    """A call proposed by one person and approved by another; nothing of it is ever edited."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        APPROVED = "approved", "Approved"
        ENDED = "ended", "Ended"

    network = models.ForeignKey("wallets.Network", on_delete=models.PROTECT, related_name="+")
    address = AddressField(help_text="A contract registered as contract-name.")
    function = models.CharField(max_length=500, help_text="name(type,…), or its ABI fragment.")
    arguments = models.JSONField(
        default=list, blank=True, help_text="A list: numbers in digits, bytes as 0x hex."
    )
    value = AmountField(default=0, help_text="Native coin that goes with it, in wei.")
    code_hash = HashField(editable=False, help_text="keccak of the contract's code, as proposed.")
    implementation = AddressField(
        blank=True, editable=False, help_text="What a proxy led to, as proposed."
    )
    data = models.BinaryField(editable=False, help_text="The calldata that all this makes.")
    digest = models.CharField(max_length=64, editable=False)
    note = models.CharField(max_length=200, help_text="What it does, and who said so.")
    wallet = models.ForeignKey(
        "wallets.Wallet",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="Whose it is; empty: any wallet may make it.",
    )
    max_uses = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="How often it is signed at most; empty: until its time is over.",
    )
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    state_changed_at = models.DateTimeField()
    version = models.PositiveBigIntegerField(default=0)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_alone = models.BooleanField(
        default=False, help_text="Nobody else was asked: the installation has one operator."
    )

    class Meta:
        app_label = "protocols"
        ordering = ("-pk",)
        permissions = (("approve_approvedcall", "Can approve what somebody else proposed"),)
        constraints = (
            models.CheckConstraint(
                condition=~Q(state="approved")
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="approved_call_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | Q(approved_alone=True)
                | ~Q(approved_by=F("proposed_by")),
                name="approved_call_two_persons",
            ),
            models.CheckConstraint(
                condition=Q(max_uses__isnull=True) | Q(max_uses__gte=1),
                name="approved_call_used_at_all",
            ),
        )
        indexes = (
            models.Index(fields=("network", "address", "state"), name="approved_call_of_contract"),
            models.Index(fields=("state", "expires_at"), name="approved_call_expiry"),
        )

    def __str__(self) -> str:
        return f"call {self.pk}: {self.function} at {self.address}"
