"""The books: every movement of value, tied to what caused it."""

from django.db import models
from django.db.models import Q

from wallets.addresses import AddressField
from wallets.amounts import AmountField

_RECEIPT = Q(receipt__isnull=False, transaction__isnull=False)
_NO_RECEIPT = Q(receipt__isnull=True, transaction__isnull=True)
_TRANSFER, _FEE = Q(transfer__isnull=False), Q(chain_transaction__isnull=False)
_ONE_CAUSE = (
    (_RECEIPT & ~_TRANSFER & ~_FEE)
    | (_NO_RECEIPT & _TRANSFER & ~_FEE)
    | (_NO_RECEIPT & ~_TRANSFER & _FEE & Q(kind="fee"))
    | (_NO_RECEIPT & ~_TRANSFER & ~_FEE & ~Q(reason="") & ~Q(booked_by=""))
)


class LedgerEntry(models.Model):
    """One movement of value between a wallet and the account on its other side.

    Two accounts and one amount: what a wallet gets, the other side gives, so the books are in
    balance by their form. Reversed entries stay, and count for nothing. An entry comes from a
    receipt of ours, from a transfer that the chain told, from the fee of a transaction signed
    elsewhere, or from a person with a reason.
    """

    class Kind(models.TextChoices):
        IN = "in", "In"
        OUT = "out", "Out"
        FEE = "fee", "Fee"

    class Status(models.TextChoices):
        PROVISIONAL = "provisional", "Provisional"
        FINAL = "final", "Final"
        REVERSED = "reversed", "Reversed"

    class Account(models.TextChoices):
        """The other side: whose it is now, or was."""

        OWN = "own", "Another wallet of ours"
        FEE = "fee", "Fees"
        TRADE = "trade", "Exchanged for another token"
        PROTOCOL = "protocol", "Inside a protocol"
        BRIDGE = "bridge", "Between networks"
        AIRDROP = "airdrop", "Received from a campaign"
        INCOME = "income", "Earned inside a protocol"
        OUTSIDE = "outside", "Somebody else"
        OPENING = "opening", "There before the books began"
        ADJUSTMENT = "adjustment", "Set right by a person"

    wallet = models.ForeignKey(
        "wallets.Wallet", on_delete=models.PROTECT, related_name="ledger_entries"
    )
    token = models.ForeignKey(
        "wallets.Token", on_delete=models.PROTECT, related_name="ledger_entries"
    )
    kind = models.CharField(max_length=3, choices=Kind.choices)
    amount = AmountField()
    account = models.CharField(max_length=10, choices=Account.choices, default=Account.OUTSIDE)
    counterparty = AddressField(blank=True)
    protocol = models.SlugField(blank=True, help_text="Whose the other side is, where known.")
    campaign = models.ForeignKey(
        "analytics.Campaign",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="ledger_entries",
        help_text="The airdrop that it came from.",
    )
    transaction = models.ForeignKey(
        "wallets.Transaction",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="ledger_entries",
    )
    receipt = models.ForeignKey(
        "wallets.Receipt", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    transfer = models.OneToOneField(
        "analytics.ChainTransfer",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="entry",
    )
    chain_transaction = models.OneToOneField(
        "analytics.ChainTransaction",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="entry",
        help_text="Whose fee it is, where it was signed elsewhere.",
    )
    cost_cents = models.BigIntegerField(
        null=True, blank=True, help_text="What a person says it cost, in US cents."
    )
    reason = models.CharField(max_length=300, blank=True, help_text="Why a person booked it.")
    booked_by = models.CharField(max_length=100, blank=True)
    block_number = models.PositiveBigIntegerField(null=True, blank=True)
    step = models.ForeignKey(
        "scheduling.Step", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # The place among the movements of one receipt: what makes booking idempotent.
    ordinal = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=11, choices=Status.choices)
    occurred_at = models.DateTimeField(help_text="The block's time.")
    booked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "Ledger entries"
        constraints = (
            models.UniqueConstraint(fields=("receipt", "ordinal"), name="ledger_entry_once"),
            models.CheckConstraint(
                condition=Q(kind="fee", ordinal=0)
                | Q(kind__in=("in", "out"), ordinal__gt=0)
                | Q(receipt__isnull=True),
                name="ledger_entry_fee_comes_first",
            ),
            models.CheckConstraint(
                condition=_ONE_CAUSE,
                name="ledger_entry_has_one_cause",
            ),
            models.UniqueConstraint(
                fields=("wallet", "token"),
                condition=Q(account="opening") & ~Q(status="reversed"),
                name="ledger_opened_once",
            ),
            models.CheckConstraint(
                condition=Q(status__in=("provisional", "final", "reversed")),
                name="ledger_entry_status_known",
            ),
        )
        indexes = (
            models.Index(fields=("wallet", "token", "occurred_at"), name="ledger_by_wallet"),
            models.Index(fields=("occurred_at",), name="ledger_by_time"),
            models.Index(fields=("token", "block_number"), name="ledger_by_block"),
            models.Index(
                fields=("campaign",), condition=Q(campaign__isnull=False), name="ledger_campaign"
            ),
            models.Index(
                fields=("transaction",),
                condition=Q(status="provisional"),
                name="ledger_provisional",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} {self.token.symbol}"


class LedgerCursor(models.Model):
    """How far the history of transitions has been read into the books."""

    name = models.CharField(max_length=40, primary_key=True)
    position = models.PositiveBigIntegerField(default=0)
    # Ids below the position that were not there yet: [first, last, when it was noticed].
    gaps = models.JSONField(default=list, blank=True)
    version = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} at {self.position}"


class Unbooked(models.Model):
    """A transaction that the books could not take yet, why, and when it is tried again."""

    transaction = models.OneToOneField(
        "wallets.Transaction", on_delete=models.CASCADE, related_name="unbooked"
    )
    reason = models.CharField(max_length=500)
    since = models.DateTimeField(auto_now_add=True)
    retry_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("since",)
        verbose_name_plural = "Unbooked transactions"

    def __str__(self) -> str:
        return f"transaction {self.transaction_id}: {self.reason}"
