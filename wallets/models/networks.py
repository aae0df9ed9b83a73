"""Chains, the ways to reach them, and the tokens on them."""

from django.core.validators import RegexValidator
from django.db import models

from wallets.addresses import AddressField, HashField
from wallets.amounts import AmountField

# 0.001 of a coin: about what a plain transfer sets aside for its fee on a busy day of Ethereum.
DUST = 10**15


class Network(models.Model):
    """A chain, and how its fees and its finality work."""

    class Kind(models.TextChoices):
        DEVNET = "devnet", "Devnet"
        TESTNET = "testnet", "Testnet"
        MAINNET = "mainnet", "Mainnet"

    class FeeModel(models.TextChoices):
        EIP1559 = "eip1559", "EIP-1559"
        LEGACY = "legacy", "Legacy gas price"

    class L1FeeModel(models.TextChoices):
        """Where the data fee of a rollup comes from."""

        NONE = "none", "None, or inside the gas"
        OP_STACK = "op_stack", "OP-stack oracle"
        SCROLL = "scroll", "Scroll oracle"
        ZKSYNC = "zksync", "zkSync node"

    class FinalRule(models.TextChoices):
        """What makes a block final."""

        DEPTH = "depth", "A depth"
        FINALIZED_TAG = "finalized", "The finalized tag"

    chain_id = models.PositiveBigIntegerField(unique=True)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    fee_model = models.CharField(max_length=10, choices=FeeModel.choices, default=FeeModel.EIP1559)
    l1_fee_model = models.CharField(
        max_length=10, choices=L1FeeModel.choices, default=L1FeeModel.NONE
    )
    confirm_depth = models.PositiveIntegerField(
        default=3, help_text="Blocks on top, its own included, before a transaction is confirmed."
    )
    final_rule = models.CharField(
        max_length=10, choices=FinalRule.choices, default=FinalRule.FINALIZED_TAG
    )
    final_depth = models.PositiveIntegerField(
        default=64, help_text="Blocks on top before a block is final, where the rule is a depth."
    )
    has_mempool = models.BooleanField(default=True)
    bump_after_seconds = models.PositiveIntegerField(
        default=60, help_text="How long the next transaction may wait before its fee is raised."
    )
    block_seconds = models.FloatField(default=12, help_text="Typical seconds between blocks.")
    dust = AmountField(
        default=DUST,
        help_text="Wei of the coin that an emptied wallet may keep: what moving it would cost.",
    )
    multicall_address = AddressField(blank=True)
    explorer_url = models.URLField(blank=True)
    # A chain that restarts from nothing keeps its chain id; its first block tells.
    genesis_hash = HashField(blank=True)
    enabled = models.BooleanField(default=True)
    # The newest block at the last whole pass of the watch, and when that began.
    watched_head = HashField(blank=True, editable=False)
    watched_number = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    watched_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("chain_id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(confirm_depth__gte=1), name="network_confirm_depth_positive"
            ),
        )

    def __str__(self) -> str:
        return self.name

    def explorer_link(self, kind: str, value: str) -> str:
        """The explorer's page of a `tx`, `address` or `block`; empty when there is none."""
        return f"{self.explorer_url.rstrip('/')}/{kind}/{value}" if self.explorer_url else ""


class RpcEndpoint(models.Model):
    """One URL of a network. Credentials stay outside: `${NAME}` is read from the environment."""

    network = models.ForeignKey(Network, on_delete=models.CASCADE, related_name="endpoints")
    name = models.SlugField(help_text="Shown in logs and metrics instead of the URL.")
    url = models.CharField(max_length=300, help_text="${NAME} is replaced from the environment.")
    can_read = models.BooleanField(default=True)
    can_send = models.BooleanField(default=True)
    is_private = models.BooleanField(default=False, help_text="Sends without a public mempool.")
    weight = models.PositiveIntegerField(default=100)
    requests_per_second = models.PositiveIntegerField(default=0, help_text="0: no limit.")
    enabled = models.BooleanField(default=True)
    # What was last seen through it; written by the watch, read by health.
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    answered_at = models.DateTimeField(null=True, blank=True, editable=False)
    head_block = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    head_block_at = models.DateTimeField(null=True, blank=True, editable=False)
    latency_ms = models.PositiveIntegerField(null=True, blank=True, editable=False)
    consecutive_errors = models.PositiveIntegerField(default=0, editable=False)
    last_error = models.CharField(max_length=300, blank=True, editable=False)
    open_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The breaker is open until then."
    )

    class Meta:
        ordering = ("network", "-weight", "name")
        constraints = (
            models.UniqueConstraint(fields=("network", "name"), name="endpoint_name_once"),
        )

    def __str__(self) -> str:
        return f"{self.network.slug}/{self.name}"


class Token(models.Model):
    """A network's native coin, or an ERC-20 on it."""

    network = models.ForeignKey(Network, on_delete=models.CASCADE, related_name="tokens")
    address = AddressField(blank=True, help_text="Empty for the native coin.")
    symbol = models.CharField(
        max_length=32,
        validators=[RegexValidator(r"^[\w.$+₮-]+$", "Letters, digits and . $ + - only.")],
    )
    name = models.CharField(max_length=100, blank=True)
    decimals = models.PositiveSmallIntegerField(default=18)
    dust = AmountField(
        default=0, help_text="Base units an emptied wallet may keep; the coin's is the network's."
    )
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ("network", "symbol")
        constraints = (
            models.UniqueConstraint(fields=("network", "address"), name="token_address_once"),
            models.CheckConstraint(
                condition=models.Q(decimals__lte=77), name="token_decimals_fit_amounts"
            ),
        )

    def __str__(self) -> str:
        return f"{self.symbol} on {self.network.slug}"

    @property
    def is_native(self) -> bool:
        """Whether this is the network's own coin."""
        return not self.address

    @property
    def kept_as_dust(self) -> int:
        """What counts as nothing of it in an emptied wallet, in base units."""
        return self.network.dust if self.is_native else self.dust
