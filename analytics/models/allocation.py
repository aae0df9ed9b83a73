"""How capital is to be spread: policies, what they came to, and what was done about it."""

from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from analytics.allocation.states import RebalanceState

_SHARE = (MinValueValidator(0), MaxValueValidator(10_000))
PLACES = ("symbol", "network", "protocol")


def _share(default: int, text: str = "") -> "models.PositiveSmallIntegerField[int, int]":
    told = f"Basis points. {text}".strip()
    return models.PositiveSmallIntegerField(default=default, validators=_SHARE, help_text=told)


class AllocationPolicy(models.Model):
    """What capital is spread over, by which method, within which bounds."""

    class Dimension(models.TextChoices):
        SYMBOL = "symbol", "Tokens"
        PROTOCOL = "protocol", "Protocols"
        NETWORK = "network", "Networks"
        MIXED = "mixed", "Mixed"

    class Method(models.TextChoices):
        EQUAL_WEIGHT = "equal_weight", "Equal weight"
        RISK_PARITY = "risk_parity", "Risk parity"
        MEAN_VARIANCE = "mean_variance", "Mean-variance"
        KELLY = "kelly", "Kelly fraction"
        FIXED = "fixed", "Fixed shares"

    name = models.SlugField(unique=True, max_length=60)
    dimension = models.CharField(max_length=8, choices=Dimension.choices, default=Dimension.SYMBOL)
    method = models.CharField(max_length=13, choices=Method.choices)
    enabled = models.BooleanField(default=True)
    lookback_days = models.PositiveSmallIntegerField(
        default=90, validators=[MinValueValidator(30), MaxValueValidator(1500)]
    )
    risk_aversion = models.DecimalField(
        max_digits=6,
        decimal_places=2,
        default=Decimal(3),
        help_text="How much variance weighs against return; also in the benefit of a rebalance.",
    )
    kelly_fraction = models.DecimalField(
        max_digits=4, decimal_places=3, default=Decimal("0.5"), help_text="Above 0, at most 1."
    )
    means_from_history = models.BooleanField(
        default=False,
        help_text="Where nobody gives an expected return, take the mean of the past; it says "
        "little about the future.",
    )
    reserve_bps = _share(0, "Kept out of every bucket.")
    reserve_cents = models.PositiveBigIntegerField(
        default=0, help_text="At least so many US cents are kept out."
    )
    reserve_symbol = models.CharField(
        max_length=32,
        blank=True,
        help_text="The token it is kept in: a calm one, no bucket's. Empty: whatever is in no "
        "bucket.",
    )
    at_low_bps = _share(10_000, "Of the capital beside the reserve, at work at a low risk.")
    at_medium_bps = _share(10_000, "The same at a medium risk.")
    at_high_bps = _share(5_000, "The same at a high risk.")
    at_critical_bps = _share(0, "The same at a critical risk, and while it is unknown.")
    min_trade_cents = models.PositiveBigIntegerField(
        default=2_500, help_text="What is off target by less is left."
    )
    max_turnover_bps = _share(10_000, "The most of all that one rebalance moves.")
    slippage_bps = models.PositiveSmallIntegerField(
        default=50, validators=[MinValueValidator(1), MaxValueValidator(500)]
    )
    horizon_days = models.PositiveSmallIntegerField(
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text="For how long being on target is counted as the benefit of a rebalance.",
    )
    assumed_gas = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Gas of a step that cannot be simulated yet and was never made here; without it "
        "its cost is unknown, and such a rebalance is refused.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        verbose_name_plural = "Allocation policies"
        permissions = (("operate_allocationpolicy", "Can compute targets"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(kelly_fraction__gt=0, kelly_fraction__lte=1),
                name="allocation_kelly_fraction",
            ),
            models.CheckConstraint(
                condition=Q(risk_aversion__gt=0), name="allocation_risk_aversion"
            ),
            models.CheckConstraint(
                condition=Q(reserve_bps__lte=10_000)
                & Q(at_low_bps__lte=10_000)
                & Q(at_medium_bps__lte=F("at_low_bps"))
                & Q(at_high_bps__lte=F("at_medium_bps"))
                & Q(at_critical_bps__lte=F("at_high_bps")),
                name="allocation_shares_fall_with_risk",
                violation_error_message="At a higher risk no more may be at work than at a lower.",
            ),
        )

    def __str__(self) -> str:
        return self.name


class AllocationBucket(models.Model):
    """A part of the capital: what fits all that it names of token, network and protocol.

    What fits several is in the one that names most.
    """

    policy = models.ForeignKey(AllocationPolicy, on_delete=models.CASCADE, related_name="buckets")
    symbol = models.CharField(max_length=32, blank=True, help_text="Of a token, like ETH.")
    network = models.SlugField(blank=True, help_text="Empty: wherever.")
    protocol = models.SlugField(blank=True, help_text="Empty: wherever; wallet: in no protocol.")
    min_bps = _share(0, "At least; falls with what is at work.")
    max_bps = _share(10_000, "At most.")
    target_bps = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=_SHARE,
        help_text="Basis points of what is at work; with fixed shares only.",
    )
    expected_return = models.DecimalField(
        max_digits=8,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="A year, above what the reserve earns: 0.12 is twelve per cent.",
    )
    source = models.CharField(
        max_length=300, blank=True, help_text="Where the expected return is from."
    )

    class Meta:
        ordering = ("policy", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("policy", "symbol", "network", "protocol"), name="allocation_bucket_once"
            ),
            models.CheckConstraint(
                condition=~Q(symbol="", network="", protocol=""),
                name="allocation_bucket_names_something",
                violation_error_message="Name a token, a network or a protocol.",
            ),
            models.CheckConstraint(
                condition=Q(expected_return__isnull=True) | ~Q(source=""),
                name="allocation_return_has_source",
                violation_error_message="Say where the expected return is from.",
            ),
        )

    def __str__(self) -> str:
        where = (f"in {self.protocol}" if self.protocol else "", f"on {self.network}")
        named = (self.symbol, where[0], where[1] if self.network else "")
        return " ".join(filter(None, named))

    def clean(self) -> None:
        """It names what its policy's buckets are made of, and nothing else."""
        # Of a form that makes both the policy has no number yet.
        wanted = self.policy.dimension if hasattr(self, "policy") else ""
        named = tuple(place for place in PLACES if getattr(self, place))
        if wanted in PLACES and named != (wanted,):
            raise ValidationError(
                f"The policy's buckets are by {wanted}: name that alone, or make it mixed."
            )


class AllocationCap(models.Model):
    """The most that buckets of one protocol, network or token may have together."""

    class Kind(models.TextChoices):
        SYMBOL = "symbol", "Token"
        NETWORK = "network", "Network"
        PROTOCOL = "protocol", "Protocol"

    policy = models.ForeignKey(AllocationPolicy, on_delete=models.CASCADE, related_name="caps")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    key = models.CharField(max_length=50, help_text="A symbol, or the slug.")
    max_bps = _share(10_000, "Of all.")

    class Meta:
        ordering = ("policy", "kind", "key")
        constraints = (
            models.UniqueConstraint(fields=("policy", "kind", "key"), name="allocation_cap_once"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class AllocationRun(models.Model):
    """What a policy came to at a moment: target and present weights, or why there are none."""

    class Status(models.TextChoices):
        SOLVED = "solved", "Solved"
        REFUSED = "refused", "Refused"

    policy = models.ForeignKey(AllocationPolicy, on_delete=models.CASCADE, related_name="runs")
    at = models.DateTimeField()
    status = models.CharField(max_length=7, choices=Status.choices)
    problem = models.CharField(max_length=500, blank=True, help_text="Why it was refused.")
    digest = models.CharField(
        max_length=64, blank=True, help_text="Binds everything it was worked out from."
    )
    inputs = models.JSONField(default=dict, help_text="What that was; numbers as text.")
    total_cents = models.BigIntegerField(null=True, blank=True)
    # By bucket: name, current_cents, current_bps, target_cents, target_bps; last the reserve.
    lines = models.JSONField(default=list)
    level = models.CharField(max_length=8, blank=True, help_text="The risk level, or unknown.")
    solver = models.CharField(max_length=40, blank=True)
    problems = models.JSONField(default=list, help_text="What to know about it, a sentence each.")

    class Meta:
        ordering = ("-at", "-id")
        permissions = (("operate_allocationrun", "Can ask for a rebalance"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(status="refused") & ~Q(problem="")
                | Q(status="solved", problem="", total_cents__isnull=False),
                name="allocation_run_says_why",
            ),
        )
        indexes = (models.Index(fields=("policy", "-at"), name="allocation_latest"),)

    def __str__(self) -> str:
        return f"{self.policy} at {self.at:%Y-%m-%d %H:%M:%S}"


class Rebalance(models.Model):
    """Moves that bring capital to a run's target: proposed, approved, and done by tasks."""

    run = models.ForeignKey(AllocationRun, on_delete=models.PROTECT, related_name="rebalances")
    policy = models.ForeignKey(
        AllocationPolicy, on_delete=models.PROTECT, related_name="rebalances"
    )
    state = models.CharField(
        max_length=8, choices=RebalanceState.choices, default=RebalanceState.PROPOSED
    )
    detail = models.CharField(max_length=500, blank=True)
    # Of each move: what it is in words, its cents, and its legs as tasks will have them.
    moves = models.JSONField(default=list)
    without_route = models.JSONField(default=list, help_text="What no action can do.")
    cost_cents = models.BigIntegerField(null=True, blank=True)
    benefit_cents = models.BigIntegerField(null=True, blank=True)
    digest = models.CharField(max_length=64, help_text="Binds the moves as they were proposed.")
    second_person = models.JSONField(
        default=list, help_text="Why somebody else has to approve it, a sentence each."
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    created_from = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(help_text="From then on its prices and quotes are too old.")
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_alone = models.BooleanField(default=False)
    tasks = models.ManyToManyField("scheduling.Task", blank=True, related_name="rebalances")
    version = models.PositiveBigIntegerField(default=0)
    state_changed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)
        permissions = (
            ("operate_rebalance", "Can propose, apply and refuse"),
            ("approve_rebalance", "Can approve what somebody else proposed"),
        )
        constraints = (
            models.CheckConstraint(
                condition=~Q(state__in=("approved", "applied")) | Q(approved_by__isnull=False),
                name="rebalance_has_a_person",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | Q(approved_alone=True)
                | ~Q(approved_by=F("created_by")),
                name="rebalance_two_persons",
            ),
            models.UniqueConstraint(
                fields=("policy",),
                condition=Q(state__in=("proposed", "approved")),
                name="rebalance_open_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=RebalanceState.values), name="rebalance_state_known"
            ),
        )

    def __str__(self) -> str:
        return f"Rebalance {self.pk} of {self.policy}"


class RebalanceEvent(models.Model):
    """That a rebalance was carried out: weights before and after, its cost planned and real."""

    rebalance = models.OneToOneField(Rebalance, on_delete=models.PROTECT, related_name="event")
    began_at = models.DateTimeField()
    before = models.JSONField(default=list, help_text="Weights as they were, in basis points.")
    planned_cost_cents = models.BigIntegerField()
    ended_at = models.DateTimeField(
        null=True, blank=True, db_index=True, help_text="When all of it was over and booked."
    )
    after = models.JSONField(default=list)
    after_problem = models.CharField(max_length=500, blank=True)
    actual_cost_cents = models.BigIntegerField(
        null=True, blank=True, help_text="Fees, and what exchanges gave less than they took."
    )
    cost_problem = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("-began_at", "-id")

    def __str__(self) -> str:
        return f"Event of {self.rebalance}"
