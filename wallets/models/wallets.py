"""Addresses the operator controls or watches, and their nonce sequences."""

from django.db import models

from wallets.addresses import AddressField


class WalletGroup(models.Model):
    """Wallets that belong together; each is in one group or none."""

    name = models.SlugField(max_length=40, unique=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class WalletTag(models.Model):
    """A word that a wallet can be found by; each may have several."""

    name = models.SlugField(max_length=40, unique=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Wallet(models.Model):
    """An address, and where its key lives: a reference, never the key."""

    class SignerKind(models.TextChoices):
        KEYSTORE = "keystore", "Keystore V3 file"
        ENVIRONMENT = "environment", "Environment variable"
        MNEMONIC = "mnemonic", "Seed phrase"
        WEB3SIGNER = "web3signer", "Web3Signer"
        AWS_KMS = "aws_kms", "AWS KMS"
        WATCH_ONLY = "watch_only", "Watch only"

    class Status(models.TextChoices):
        """Only a verified wallet signs."""

        UNVERIFIED = "unverified", "Unverified"
        VERIFIED = "verified", "Verified"
        MISMATCHING = "mismatching", "Mismatching"
        RETIRED = "retired", "Retired"

    label = models.CharField(max_length=80, unique=True)
    address = AddressField(unique=True)
    signer_kind = models.CharField(max_length=12, choices=SignerKind.choices)
    signer_reference = models.CharField(
        max_length=200,
        blank=True,
        help_text="Where the key is, by name: a file, file.json#index, a variable's NAME, a "
        "public key at a Web3Signer, a KMS key's ARN. Never the key.",
    )
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.UNVERIFIED)
    status_reason = models.CharField(max_length=300, blank=True, editable=False)
    verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    # When a worker shall ask the key next; null means that nobody asked for it.
    verify_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Whether workers could open the key when they last tried; health reads it, and opens none.
    key_asked_at = models.DateTimeField(null=True, blank=True, editable=False)
    key_problem = models.CharField(max_length=300, blank=True, editable=False)
    group = models.ForeignKey(
        WalletGroup, on_delete=models.SET_NULL, null=True, blank=True, related_name="wallets"
    )
    tags = models.ManyToManyField(WalletTag, blank=True, related_name="wallets")
    safe_address = models.BooleanField(
        default=False,
        help_text="A listed safe address: value may go to it though its key is not here.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("label",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(signer_kind="watch_only") | ~models.Q(signer_reference=""),
                name="wallet_signer_has_reference",
            ),
        )
        indexes = (
            models.Index(
                fields=("verify_at",),
                condition=models.Q(verify_at__isnull=False),
                name="wallet_to_verify",
            ),
        )

    def __str__(self) -> str:
        return self.label


class NonceLane(models.Model):
    """The nonce sequence of one wallet on one network; worked by one lease holder at a time."""

    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="lanes")
    network = models.ForeignKey("wallets.Network", on_delete=models.PROTECT, related_name="lanes")
    # The chain's transaction count when the lane was made: earlier nonces are not ours.
    baseline_nonce = models.PositiveBigIntegerField(null=True, blank=True)
    max_in_flight = models.PositiveIntegerField(default=16)
    paused = models.BooleanField(default=False)
    pause_reason = models.CharField(max_length=300, blank=True)
    detail = models.CharField(
        max_length=300, blank=True, help_text="What keeps it from going on, for the operator."
    )
    installation_id = models.UUIDField(null=True, blank=True, editable=False)
    lease_owner = models.CharField(max_length=100, blank=True, editable=False)
    lease_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Grows with every lease: a holder that lost its lease fails its next write (fencing).
    lease_epoch = models.PositiveBigIntegerField(default=0, editable=False)
    # When there is next something to do; null means nothing until a service says so.
    wake_at = models.DateTimeField(null=True, blank=True, db_index=True, editable=False)

    class Meta:
        ordering = ("wallet", "network")
        permissions = (("operate_noncelane", "Can pause and resume"),)
        constraints = (
            models.UniqueConstraint(fields=("wallet", "network"), name="lane_once"),
            models.CheckConstraint(
                condition=models.Q(max_in_flight__gte=1), name="lane_max_in_flight_positive"
            ),
        )

    def __str__(self) -> str:
        return f"{self.wallet.label} on {self.network.slug}"


class Installation(models.Model):
    """The one row that says which installation this database belongs to."""

    id = models.UUIDField(primary_key=True)
    singleton = models.BooleanField(default=True, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    paused = models.BooleanField(default=False)
    pause_reason = models.CharField(max_length=300, blank=True)
    draining_since = models.DateTimeField(
        null=True, blank=True, help_text="Since when nothing new begins, before a shutdown."
    )
    drain_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(singleton=True), name="installation_is_single"
            ),
        )

    def __str__(self) -> str:
        return str(self.id)
