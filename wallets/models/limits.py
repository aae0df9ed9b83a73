"""Numbers that hold, the stop switch, and the rules of what may be called."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from wallets.addresses import AddressError, AddressField, HashField, parse_address
from wallets.amounts import AmountField
from wallets.models.networks import Network
from wallets.models.wallets import Wallet


class ScopeKind(models.TextChoices):
    """What a limit or a stop applies to; the value beside it is a slug, label or address."""

    EVERYTHING = "everything", "Everything"
    NETWORK = "network", "Network"
    PROTOCOL = "protocol", "Protocol"
    ACTION = "action", "Action"
    WALLET = "wallet", "Wallet"
    TOKEN = "token", "Token"
    CAMPAIGN = "campaign", "Campaign"


# What may have a token as its scope; the rest is about fees and the native coin.
TOKEN_KINDS = (
    "max_value",
    "max_hour_value",
    "max_day_value",
    "max_wallet_day_value",
    "max_action_day_value",
    "second_person",
    "max_asset_share",
    "max_volatility",
)


class Limit(models.Model):
    """One configured number, for one scope. The narrowest scope does not win: all hold.

    An amount is in base units: of the token where the scope is one (`network:address`), of the
    native coin everywhere else. Shares, prices' swings and slippage are in basis points, dollars
    in cents, a health factor in ten-thousandths; the kind says so.
    """

    class Kind(models.TextChoices):
        MAX_FEE_PER_GAS = "max_fee_per_gas", "Fee ceiling, wei per gas"
        MAX_TRANSACTION_FEE = "max_transaction_fee", "Whole fee of a transaction, wei"
        MAX_FILLER_FEE = "max_filler_fee", "Whole fee of a filler, wei"
        MAX_VALUE = "max_value", "Amount of a transaction"
        MAX_DAY_VALUE = "max_day_value", "Amount a day (UTC), all together"
        MAX_WALLET_DAY_VALUE = "max_wallet_day_value", "Amount a day (UTC), each wallet"
        MAX_ACTION_DAY_VALUE = "max_action_day_value", "Amount a day (UTC), each action"
        MAX_DAY_FEES = "max_day_fees", "Fees a day (UTC), all together, wei"
        MIN_NATIVE_BALANCE = "min_native_balance", "Native balance that must remain, wei"
        SECOND_PERSON = "second_person", "Amount above which a second person approves"
        MAX_HOUR_VALUE = "max_hour_value", "Amount an hour (UTC), all together"
        MAX_RUNNING = "max_running", "Runs at the same time"
        MAX_SLIPPAGE = "max_slippage", "Slippage, basis points"
        MAX_FAILURES = "max_failures", "Failed runs in a row that open a protocol's breaker"
        MAX_AGE = "max_age", "Age of figures that may be relied on, seconds"
        MAX_GAS_SPIKE = "max_gas_spike", "Gas price in percent of what is usual"
        MAX_VOLATILITY = "max_volatility", "Swing of a price within a day, basis points"
        MAX_PROTOCOL_SHARE = "max_protocol_share", "Share of all value in a protocol, basis points"
        MAX_ASSET_SHARE = "max_asset_share", "Share of all value in one token, basis points"
        MAX_DAY_LOSS = "max_day_loss", "Loss a day (UTC), US cents"
        MIN_HEALTH_FACTOR = "min_health_factor", "Health factor of loans, ten-thousandths"
        MAX_BUDGET = "max_budget", "Costs of a campaign, US cents"

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
            models.CheckConstraint(
                condition=~Q(scope_kind="token") | Q(kind__in=TOKEN_KINDS),
                name="limit_of_token_is_an_amount",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.scope_value or 'everything'}"

    def clean(self) -> None:
        """A limit that would hold nothing is none; a token is named with its network."""
        self._require_to_hold()
        network, colon, address = self.scope_value.rpartition(":")
        if self.scope_kind != ScopeKind.TOKEN:
            return
        try:
            self.scope_value = f"{network}{colon}{parse_address(address)}"
        except AddressError as error:
            raise ValidationError({"scope_value": str(error)}) from error
        if not network:
            raise ValidationError({"scope_value": "Write network:address, like base:0x…."})

    def _require_to_hold(self) -> None:
        """Of some scopes nobody asks for some kinds, and of a name that nothing has for none."""
        kind, scope = self.kind, self.scope_kind
        if scope == ScopeKind.CAMPAIGN and kind != self.Kind.MAX_BUDGET:
            raise ValidationError({"scope_kind": "Of the limits only a budget is a campaign's."})
        wide = (ScopeKind.EVERYTHING, ScopeKind.PROTOCOL)
        if kind == self.Kind.MAX_FAILURES and scope not in wide:
            raise ValidationError({"scope_kind": "A breaker is a protocol's, or of all of them."})
        named = {
            ScopeKind.WALLET: Wallet.objects.filter(label=self.scope_value),
            ScopeKind.NETWORK: Network.objects.filter(slug=self.scope_value),
        }
        if scope in named and not named[ScopeKind(scope)].exists():
            raise ValidationError({"scope_value": f"There is no {scope} {self.scope_value}."})


class LimitOverride(models.Model):
    """Another number for a limit, for a while: who said so, why, and until when.

    Ended early or not, the row stays: it is the record. Of several that stand the newest counts.
    """

    limit = models.ForeignKey(Limit, on_delete=models.CASCADE, related_name="overrides")
    amount = AmountField(help_text="What counts meanwhile, in the limit's own unit.")
    expires_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    actor = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(
                fields=("limit", "-id"),
                condition=Q(ended_at__isnull=True),
                name="limit_override_standing",
            ),
        )

    def __str__(self) -> str:
        return f"{self.amount} instead of {self.limit.amount} for {self.limit}"


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
        permissions = (
            ("engage_emergencystop", "Can stop signing"),
            ("lift_emergencystop", "Can let signing resume"),
        )
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

    Written by the contract registry of floor 2; read at every signature. A rule with the selector
    ALLOWANCE says that the contract may be given allowances, one with NAMED that the arguments of
    other calls may name it.
    """

    ALLOWANCE = "allowance"
    NAMED = "named"
    # What a rule may say beside a function of its contract.
    MARKS = (ALLOWANCE, NAMED)

    network = models.ForeignKey(
        "wallets.Network", on_delete=models.CASCADE, related_name="policy_rules"
    )
    address = AddressField()
    selector = models.CharField(max_length=10)
    protocol = models.SlugField()
    signature = models.CharField(max_length=200, help_text="`transfer(address,uint256)`")
    arguments = models.JSONField(
        default=list, blank=True, help_text="What each argument must be; see the policy's checks."
    )
    payable = models.BooleanField(default=False, help_text="Native coin may go with the call.")
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
    """What a transaction takes of a day's limit: the most it may be, then what it was."""

    transaction = models.ForeignKey(
        "wallets.Transaction", on_delete=models.PROTECT, related_name="reservations"
    )
    limit = models.ForeignKey(Limit, on_delete=models.PROTECT, related_name="reservations")
    day = models.DateField(help_text="The UTC day it was signed.")
    hour = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="The UTC hour of it, where the limit is an hour's."
    )
    # Whose day it is where a limit holds for each: a wallet's address, an action; else empty.
    share = models.CharField(max_length=110, blank=True)
    amount = AmountField()
    settled_at = models.DateTimeField(
        null=True, blank=True, help_text="Since then the amount is what was really spent."
    )
    released_at = models.DateTimeField(
        null=True, blank=True, help_text="Since then it takes nothing of the limit."
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("transaction", "limit"), name="reservation_once"),
        )
        indexes = (models.Index(fields=("limit", "day", "share"), name="reservation_by_day"),)

    def __str__(self) -> str:
        return f"{self.amount} of {self.limit}"
