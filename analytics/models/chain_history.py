"""What the chain says our wallets did and got, whoever sent it: also before they were ours here."""

from django.db import models
from django.db.models import Q

from wallets.addresses import AddressField
from wallets.amounts import AmountField


class Source(models.TextChoices):
    """Who told us; a row told by more than one keeps the first that knew all of it."""

    OWN = "own", "Our own transactions"
    RPC = "rpc", "An RPC node"
    EXPLORER = "explorer", "A file of an explorer"


class ChainTransaction(models.Model):
    """A transaction one of our wallets sent; what a criterion of an airdrop looks at.

    US cents are null where a price of the time is unknown, never 0.
    """

    network = models.ForeignKey("wallets.Network", on_delete=models.PROTECT, related_name="+")
    wallet = models.ForeignKey(
        "wallets.Wallet", on_delete=models.PROTECT, related_name="chain_transactions"
    )
    hash = models.CharField(max_length=66)
    block_number = models.PositiveBigIntegerField()
    block_at = models.DateTimeField()
    nonce = models.PositiveBigIntegerField(null=True, blank=True)
    recipient = AddressField(blank=True, help_text="Empty where it made a contract.")
    selector = models.CharField(max_length=10, blank=True)
    value = AmountField()
    fee = AmountField(null=True, blank=True, help_text="All of it, the L1 part too.")
    succeeded = models.BooleanField()
    to_contract = models.BooleanField(
        null=True, help_text="Whether the recipient had code; null is unknown."
    )
    app = models.BooleanField(
        null=True,
        help_text="Whether it emitted a log, approvals and wrapping apart; null is unknown.",
    )
    protocol = models.SlugField(blank=True)
    action = models.SlugField(blank=True)
    volume_cents = models.BigIntegerField(null=True, blank=True)
    bridged_cents = models.BigIntegerField(null=True, blank=True)
    fee_cents = models.BigIntegerField(null=True, blank=True)
    source = models.CharField(max_length=8, choices=Source.choices)

    class Meta:
        ordering = ("-block_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("network", "hash"), name="chain_transaction_once"),
        )
        indexes = (
            models.Index(fields=("wallet", "network", "block_at"), name="chain_tx_by_wallet"),
            models.Index(fields=("network", "block_at"), name="chain_tx_by_time"),
        )

    def __str__(self) -> str:
        return f"{self.hash[:10]}… on {self.network_id}"


class ChainTransfer(models.Model):
    """An amount of a token that came to a wallet of ours or left it, as the chain tells it.

    `place` is the log's index; -1 the value a transaction carried; -2 and below what contracts
    moved inside it. A transfer between two of our wallets is two rows.
    """

    class Direction(models.TextChoices):
        IN = "in", "In"
        OUT = "out", "Out"

    VALUE_PLACE = -1

    network = models.ForeignKey("wallets.Network", on_delete=models.PROTECT, related_name="+")
    wallet = models.ForeignKey(
        "wallets.Wallet", on_delete=models.PROTECT, related_name="chain_transfers"
    )
    hash = models.CharField(max_length=66)
    place = models.IntegerField()
    direction = models.CharField(max_length=3, choices=Direction.choices)
    token_address = AddressField(blank=True, help_text="Empty for the native coin.")
    # Anybody can send us a token nobody knows: it is known by its address alone then.
    token = models.ForeignKey(
        "wallets.Token", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    counterparty = AddressField(blank=True)
    amount = AmountField()
    block_number = models.PositiveBigIntegerField()
    block_at = models.DateTimeField()
    source = models.CharField(max_length=8, choices=Source.choices)

    class Meta:
        ordering = ("-block_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("network", "hash", "place", "wallet", "direction"),
                name="chain_transfer_once",
            ),
        )
        indexes = (
            models.Index(
                fields=("wallet", "network", "token_address", "block_number"),
                name="chain_transfer_by_wallet",
            ),
            models.Index(fields=("network", "block_number"), name="chain_transfer_by_block"),
        )

    def __str__(self) -> str:
        return f"{self.direction} {self.amount} in {self.hash[:10]}…"


class ChainScan(models.Model):
    """Which blocks of a network were read for a wallet: one stretch that grows at both ends."""

    wallet = models.ForeignKey("wallets.Wallet", on_delete=models.CASCADE, related_name="scans")
    network = models.ForeignKey("wallets.Network", on_delete=models.CASCADE, related_name="+")
    first_block = models.PositiveBigIntegerField()
    last_block = models.PositiveBigIntegerField()
    problem = models.CharField(max_length=300, blank=True)
    read_at = models.DateTimeField()
    final_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When the newest final block was mined that the reading has reached.",
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("wallet", "network"), name="chain_scan_once"),
            models.CheckConstraint(
                condition=Q(last_block__gte=models.F("first_block")),
                name="chain_scan_in_order",
            ),
        )

    def __str__(self) -> str:
        return f"{self.wallet} on {self.network}: {self.first_block} to {self.last_block}"
