"""Durable intents, their signed attempts, their receipts and their history."""

import uuid

from django.db import models
from django.db.models import F, Q

from wallets.addresses import AddressField, HashField
from wallets.amounts import AmountField
from wallets.transactions.states import (
    MOST_UNSENT,
    PRE_NONCE,
    UNSENT,
    UNSIGNED_REQUEST,
    AttemptState,
    HoldReason,
    Outcome,
    RequestState,
    TransactionState,
    Wish,
)


class Transaction(models.Model):
    """An intent to change a chain's state, kept until the chain has answered for good."""

    class Urgency(models.TextChoices):
        SLOW = "slow", "Slow"
        NORMAL = "normal", "Normal"
        FAST = "fast", "Fast"

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    lane = models.ForeignKey(
        "wallets.NonceLane", on_delete=models.PROTECT, related_name="transactions"
    )
    # Doubled from the lane so that one index serves a watch pass.
    network = models.ForeignKey(
        "wallets.Network", on_delete=models.PROTECT, related_name="transactions"
    )
    idempotency_key = models.CharField(max_length=200, unique=True)
    origin = models.CharField(max_length=100, help_text="Who asked, as text: `run:12`.")
    protocol = models.SlugField()
    action = models.SlugField()
    to = AddressField()
    value = AmountField(default=0)
    data = models.BinaryField(default=b"")
    selector = models.CharField(max_length=10, blank=True)
    expectations = models.JSONField(
        default=dict, blank=True, help_text="What was promised: quote and slippage, allowance."
    )
    private_only = models.BooleanField(
        default=False, help_text="Its bytes go to private send endpoints, never to public ones."
    )
    urgency = models.CharField(max_length=6, choices=Urgency.choices, default=Urgency.NORMAL)
    priority = models.SmallIntegerField(default=0)
    gas_limit = models.PositiveBigIntegerField(null=True, blank=True)
    max_fee_ceiling = AmountField(
        null=True, blank=True, help_text="Wei per gas above which it is held, never clamped."
    )
    not_before = models.DateTimeField(null=True, blank=True)
    # What is held is looked at again from then on, so that it keeps nobody else from a turn.
    look_at = models.DateTimeField(null=True, blank=True, editable=False)
    valid_until = models.DateTimeField(null=True, blank=True)
    state = models.CharField(
        max_length=14, choices=TransactionState.choices, default=TransactionState.QUEUED
    )
    hold_reason = models.CharField(max_length=12, choices=HoldReason.choices, blank=True)
    detail = models.CharField(
        max_length=500, blank=True, help_text="Why it is where it is, for the operator."
    )
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    wish = models.CharField(max_length=8, choices=Wish.choices, blank=True, default=Wish.NONE)
    replaced_because = models.CharField(
        max_length=500,
        blank=True,
        help_text="Why something else was put at its nonce, and who asked for that.",
    )
    nonce = models.PositiveBigIntegerField(null=True, blank=True)
    # Its place among what was signed with it: the first is taken until a node has its bytes, so
    # that a lane signs no more before what it signed has left.
    unsent_place = models.PositiveSmallIntegerField(default=0, editable=False)
    # What a remote signer is to sign: with gas limit and nonce the whole transaction.
    reserved_max_fee = AmountField(null=True, blank=True)
    reserved_tip = AmountField(null=True, blank=True)
    reserved_l1_fee = AmountField(null=True, blank=True)
    policy_digest = models.CharField(max_length=64, blank=True)
    reserved_amount = AmountField(default=0, help_text="Value + highest fee, held back in wei.")
    simulation_block = models.PositiveBigIntegerField(null=True, blank=True)
    simulation_result = models.CharField(max_length=300, blank=True)
    version = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    state_changed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)
        permissions = (("operate_transaction", "Can cancel, speed up and resend"),)
        constraints = (
            models.UniqueConstraint(
                fields=("lane", "nonce"),
                # The nonce of a voided one is used up by its filler, or by a foreign transaction.
                condition=Q(nonce__isnull=False) & ~Q(state="voided"),
                name="transaction_nonce_once",
            ),
            models.UniqueConstraint(
                fields=("lane", "unsent_place"),
                condition=Q(state__in=UNSENT),
                name="transaction_unsent_place_once",
            ),
            models.CheckConstraint(
                condition=Q(unsent_place__lt=MOST_UNSENT)
                & (~Q(state="reserved") | Q(unsent_place=0)),
                name="transaction_few_unsent",
            ),
            models.CheckConstraint(
                condition=Q(state__in=PRE_NONCE, nonce__isnull=True)
                | (~Q(state__in=PRE_NONCE) & Q(nonce__isnull=False)),
                name="transaction_nonce_fits_state",
            ),
            models.CheckConstraint(
                condition=(Q(state="held") & ~Q(hold_reason=""))
                | (~Q(state="held") & Q(hold_reason="")),
                name="transaction_hold_has_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state="reserved")
                | Q(
                    gas_limit__isnull=False,
                    reserved_max_fee__isnull=False,
                    reserved_tip__isnull=False,
                    reserved_l1_fee__isnull=False,
                ),
                name="transaction_reserved_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(outcome="") | Q(state__in=("included", "confirmed", "final")),
                name="transaction_outcome_needs_block",
            ),
            models.CheckConstraint(
                condition=Q(state__in=TransactionState.values), name="transaction_state_known"
            ),
        )
        indexes = (
            # What a tick and a watch look for; finished rows are not in these indexes.
            models.Index(
                fields=("lane", "-priority", "id"),
                condition=Q(state__in=("queued", "held")),
                name="transaction_waiting",
            ),
            # Of a lane: its open nonces, and the highest it ever gave.
            models.Index(
                fields=("lane", "state"),
                condition=Q(state__in=("reserved", "signed", "broadcast", "needs_operator")),
                name="transaction_open",
            ),
            models.Index(fields=("lane", "nonce"), name="transaction_by_nonce"),
            models.Index(
                fields=("network", "state", "id"),
                condition=Q(
                    state__in=(
                        "reserved",
                        "signed",
                        "broadcast",
                        "included",
                        "confirmed",
                        "needs_operator",
                    )
                ),
                name="transaction_watched",
            ),
            models.Index(fields=("protocol", "state", "-id"), name="transaction_by_protocol"),
            models.Index(fields=("state", "-id"), name="transaction_by_state"),
            # Rare and asked for: what went into a block and did not do what was meant.
            models.Index(
                fields=("outcome", "-id"),
                condition=Q(outcome__in=("reverted", "replaced")),
                name="transaction_gone_wrong",
            ),
        )

    def __str__(self) -> str:
        return f"{self.protocol}.{self.action} #{self.pk}"


class Attempt(models.Model):
    """One signed form of a transaction. Its bytes never change and are never deleted."""

    class Kind(models.TextChoices):
        ORIGINAL = "original", "Original"
        BUMP = "bump", "Speed-up"
        CANCEL = "cancel", "Cancel"
        FILLER = "filler", "Filler"
        ADOPTED = "adopted", "Adopted"

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="attempts")
    lane = models.ForeignKey("wallets.NonceLane", on_delete=models.PROTECT, related_name="attempts")
    nonce = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    raw = models.BinaryField(editable=False)
    hash = HashField(unique=True)
    gas_limit = models.PositiveBigIntegerField()
    # For a legacy transaction both are its gas price.
    max_fee_per_gas = AmountField()
    max_priority_fee_per_gas = AmountField()
    l1_fee_estimate = AmountField(default=0)
    # Whom it may be sent to, as its transaction said when it was made.
    private_only = models.BooleanField(default=False)
    state = models.CharField(
        max_length=9, choices=AttemptState.choices, default=AttemptState.PREPARED
    )
    # Committed before the bytes leave: zero proves that they never did.
    times_sent = models.PositiveIntegerField(default=0)
    # How often every endpoint called the bytes invalid: as often as sent, and no node has them.
    times_refused = models.PositiveIntegerField(default=0)
    last_sent_at = models.DateTimeField(null=True, blank=True)
    last_answer = models.CharField(
        max_length=1000, blank=True, help_text="What each endpoint said when it was last sent."
    )
    last_answer_kind = models.CharField(
        max_length=16, blank=True, help_text="What the answer means, as the error table reads it."
    )
    # What each endpoint said last, and how many rows were kept of it.
    answers_seen = models.JSONField(default=dict, blank=True, editable=False)
    foreign = models.BooleanField(
        default=False, help_text="Made elsewhere, and not what its transaction was to do."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(max_priority_fee_per_gas__lte=F("max_fee_per_gas")),
                name="attempt_tip_within_fee",
            ),
        )
        indexes = (models.Index(fields=("lane", "nonce"), name="attempt_by_nonce"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.hash[:12]}…"


class EndpointAnswer(models.Model):
    """What an endpoint began to say of an attempt's bytes; append-only."""

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="answers")
    endpoint = models.CharField(
        max_length=50, blank=True, help_text="Its name; empty where there was none to ask."
    )
    sending = models.PositiveIntegerField(help_text="Which sending it answered, from 1 on.")
    answer = models.CharField(max_length=16)
    text = models.CharField(max_length=300)
    at = models.DateTimeField()

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.text


class Receipt(models.Model):
    """What a block says about an attempt; not canonical any more after a reorganisation."""

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="receipts")
    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="receipts")
    block_number = models.PositiveBigIntegerField()
    block_hash = HashField()
    block_at = models.DateTimeField()
    succeeded = models.BooleanField()
    gas_used = models.PositiveBigIntegerField()
    effective_gas_price = AmountField()
    l1_fee = AmountField(default=0)
    fee = AmountField(help_text="What it cost in wei: gas × price + L1 fee.")
    logs = models.JSONField(default=list)
    canonical = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("attempt", "block_hash"), name="receipt_once_per_block"
            ),
            models.UniqueConstraint(
                fields=("transaction",),
                condition=Q(canonical=True),
                name="receipt_one_canonical",
            ),
        )
        indexes = (
            models.Index(fields=("id",), condition=Q(canonical=False), name="receipt_undone"),
        )

    def __str__(self) -> str:
        return f"block {self.block_number}"


class SignedRequest(models.Model):
    """A signed message to a venue or contract (exchange call, permit), sent exactly once."""

    idempotency_key = models.CharField(max_length=200, unique=True)
    wallet = models.ForeignKey(
        "wallets.Wallet", on_delete=models.PROTECT, related_name="signed_requests"
    )
    network = models.ForeignKey(
        "wallets.Network",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="signed_requests",
        help_text="The chain it counts on; a venue's own books have none.",
    )
    origin = models.CharField(max_length=100)
    protocol = models.SlugField()
    action = models.SlugField()
    client_id = models.CharField(max_length=80, unique=True)
    payload = models.JSONField()
    request_nonce = models.PositiveBigIntegerField(null=True, blank=True)
    signature = models.BinaryField(null=True, blank=True, editable=False)
    valid_until = models.DateTimeField(null=True, blank=True)
    state = models.CharField(
        max_length=14, choices=RequestState.choices, default=RequestState.PREPARED
    )
    # Committed before the bytes leave: zero proves that they never did.
    times_sent = models.PositiveIntegerField(default=0)
    last_sent_at = models.DateTimeField(null=True, blank=True)
    answer = models.JSONField(null=True, blank=True)
    detail = models.CharField(max_length=500, blank=True)
    # When there is next something to do; null means nothing.
    wake_at = models.DateTimeField(null=True, blank=True, editable=False)
    version = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    state_changed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)
        permissions = (("operate_signedrequest", "Can cancel and settle"),)
        constraints = (
            models.UniqueConstraint(
                fields=("wallet", "protocol", "request_nonce"),
                condition=Q(request_nonce__isnull=False),
                name="request_nonce_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=UNSIGNED_REQUEST)
                | Q(signature__isnull=False, request_nonce__isnull=False),
                name="request_signed_has_signature",
            ),
            models.CheckConstraint(
                condition=Q(state__in=RequestState.values), name="request_state_known"
            ),
            models.CheckConstraint(
                condition=Q(times_sent=0) | ~Q(state__in=(*UNSIGNED_REQUEST, "signed")),
                name="request_sent_fits_state",
            ),
        )
        indexes = (
            models.Index(
                fields=("wake_at",), condition=Q(wake_at__isnull=False), name="request_due"
            ),
        )

    def __str__(self) -> str:
        return f"{self.protocol}.{self.action} {self.client_id}"


class Transition(models.Model):
    """One change of one row's state, written with it; append-only."""

    subject = models.CharField(max_length=20, help_text="`transaction`, `run`, `step`, …")
    subject_id = models.PositiveBigIntegerField()
    from_state = models.CharField(max_length=20, blank=True)
    to_state = models.CharField(max_length=20)
    reason = models.CharField(max_length=500, blank=True)
    actor = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=("subject", "subject_id", "id"), name="transition_of"),)

    def __str__(self) -> str:
        return f"{self.subject} {self.subject_id}: {self.from_state} → {self.to_state}"
