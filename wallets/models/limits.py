"""Numbers that hold, the stop switch, and the rules of what may be called."""

from django.db import models
from django.db.models import Q

from wallets.addresses import AddressField, HashField
from wallets.amounts import AmountField


class ScopeKind(models.TextChoices):
    """What a limit or a stop applies to; the value beside it is a slug, label or address."""

    EVERYTHING = "everything", "Everything"
    NETWORK = "network", "Network"
    PROTOCOL = "protocol", "Protocol"
    ACTION = "action", "Action"
    WALLET = "wallet", "Wallet"
    TOKEN = "token", "Token"


class Limit(models.Model):
    """One configured number, for one scope. The narrowest scope does not win: all hold."""

    class Kind(models.TextChoices):
        MAX_FEE_PER_GAS = "max_fee_per_gas", "Fee ceiling, wei per gas"
        MAX_TRANSACTION_FEE = "max_transaction_fee", "Whole fee of a transaction, wei"
        MAX_FILLER_FEE = "max_filler_fee", "Whole fee of a filler, wei"
        MAX_VALUE = "max_value", "Native value of a transaction, wei"
        MIN_NATIVE_BALANCE = "min_native_balance", "Native balance that must remain, wei"

    kind = models.CharField(max_length=30, choices=Kind.choices)
    scope_kind = models.CharField(max_length=10, choices=ScopeKind.choices)
    scope_value = models.CharField(max_length=100, blank=True)
    amount = AmountField()
    enabled = models.BooleanField(default=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("kind", "scope_kind", "scope_value")
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "scope_kind", "scope_value"), name="limit_once_per_scope"
            ),
            models.CheckConstraint(
                condition=Q(scope_kind="everything", scope_value="")
                | (~Q(scope_kind="everything") & ~Q(scope_value="")),
                name="limit_scope_is_whole",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.scope_value or 'everything'}"


class EmergencyStop(models.Model):
    """A switch that forbids new signatures in its scope while it is engaged.

    The row of scope `everything` always exists: signing reads it FOR SHARE, every change of any
    stop takes it FOR UPDATE first, so no signature follows the commit of a stop.
    """

    class Mode(models.TextChoices):
        EVERYTHING = "everything", "Nothing is signed"
        ALL_BUT_CANCELS = "all_but_cancels", "Only cancels are signed"
        ALL_BUT_DRAIN = "all_but_drain", "Only cancels and the listed safe drain are signed"

    scope_kind = models.CharField(max_length=10, choices=ScopeKind.choices)
    scope_value = models.CharField(max_length=100, blank=True)
    engaged = models.BooleanField(default=False)
    mode = models.CharField(max_length=16, choices=Mode.choices, default=Mode.EVERYTHING)
    reason = models.CharField(max_length=300, blank=True)
    actor = models.CharField(max_length=100, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("scope_kind", "scope_value"), name="stop_once"),
            models.CheckConstraint(
                condition=Q(scope_kind="everything", scope_value="")
                | (~Q(scope_kind="everything") & ~Q(scope_value="")),
                name="stop_scope_is_whole",
            ),
        )

    def __str__(self) -> str:
        return f"Stop of {self.scope_value or 'everything'}"


class PolicyRule(models.Model):
    """A contract function that may be called on a network; what has no rule is refused.

    Written by the contract registry of floor 2; read at every signature.
    """

    network = models.ForeignKey(
        "wallets.Network", on_delete=models.CASCADE, related_name="policy_rules"
    )
    address = AddressField()
    selector = models.CharField(max_length=10)
    protocol = models.SlugField()
    signature = models.CharField(max_length=200, help_text="`transfer(address,uint256)`")
    code_hash = HashField(blank=True, help_text="keccak of the code the address must carry.")
    source = models.CharField(max_length=300)
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("network", "protocol", "address", "selector")
        constraints = (
            models.UniqueConstraint(
                fields=("network", "address", "selector", "protocol"), name="policy_rule_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.signature} at {self.address}"


class SpendReservation(models.Model):
    """An amount held back from a limit while its transaction is under way."""

    transaction = models.ForeignKey(
        "wallets.Transaction", on_delete=models.PROTECT, related_name="reservations"
    )
    limit = models.ForeignKey(Limit, on_delete=models.PROTECT, related_name="reservations")
    day = models.DateField()
    amount = AmountField()
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("transaction", "limit"), name="reservation_once"),
        )
        indexes = (models.Index(fields=("limit", "day"), name="reservation_by_day"),)

    def __str__(self) -> str:
        return f"{self.amount} of {self.limit}"


class Allowance(models.Model):
    """What a spender may take of a wallet's token, as last read from the chain."""

    wallet = models.ForeignKey(
        "wallets.Wallet", on_delete=models.PROTECT, related_name="allowances"
    )
    token = models.ForeignKey("wallets.Token", on_delete=models.PROTECT, related_name="allowances")
    spender = AddressField()
    amount = AmountField()
    block_number = models.PositiveBigIntegerField()
    checked_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("wallet", "token", "spender"), name="allowance_once"),
        )

    def __str__(self) -> str:
        return f"{self.spender} may take {self.amount}"
