"""Which protocols are enabled, and which contracts of theirs may be called."""

from django.db import models

from protocols.call_models import ApprovedCall as ApprovedCall
from protocols.position_models import PositionReading as PositionReading
from protocols.position_models import PositionRow as PositionRow
from wallets.addresses import AddressField, HashField


class Protocol(models.Model):
    """An adapter that the operator may use; its code is found by its slug."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    enabled = models.BooleanField(default=True)
    networks = models.ManyToManyField("wallets.Network", related_name="protocols", blank=True)

    class Meta:
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.name


class Deployment(models.Model):
    """A contract of a protocol on a network, with where the address is from."""

    protocol = models.ForeignKey(Protocol, on_delete=models.CASCADE, related_name="deployments")
    network = models.ForeignKey(
        "wallets.Network", on_delete=models.CASCADE, related_name="deployments"
    )
    role = models.SlugField(help_text="What the adapter calls it: `uniswap_v2_router`.")
    address = AddressField()
    abi = models.CharField(max_length=80, help_text="Name of the ABI file of the adapter.")
    code_hash = HashField(blank=True, help_text="keccak of the code, recorded when first seen.")
    implementation = AddressField(
        blank=True,
        help_text="What a proxy leads to when first seen; the zero address if it is none.",
    )
    beacon = AddressField(
        blank=True, help_text="Where a proxy asks for it; the zero address if nowhere."
    )
    source = models.CharField(max_length=300, help_text="Where the address is published.")
    sourced_on = models.DateField(
        null=True, blank=True, help_text="When the publication was looked up."
    )
    verified_at = models.DateTimeField(
        null=True, blank=True, help_text="When the chain last had what is on record."
    )
    # When the workers look at it next; empty while nobody has asked.
    look_at = models.DateTimeField(null=True, blank=True, editable=False)
    changed_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When another contract was found there; until a person has seen to it.",
    )
    enabled = models.BooleanField(default=False)
    disabled_reason = models.CharField(max_length=300, blank=True)
    doubt = models.CharField(
        max_length=300, blank=True, help_text="Why it is published as not to be used."
    )
    doubt_overridden = models.CharField(
        max_length=300, blank=True, help_text="Who uses it all the same, and why."
    )

    class Meta:
        ordering = ("protocol", "network", "role")
        permissions = (
            ("operate_deployment", "Can have it verified"),
            ("vouch_deployment", "Can vouch for a changed or doubtful one"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("protocol", "network", "role", "address"), name="deployment_once"
            ),
            models.UniqueConstraint(
                fields=("protocol", "network", "role"),
                condition=models.Q(enabled=True),
                name="deployment_one_enabled_per_role",
            ),
            models.CheckConstraint(
                condition=models.Q(enabled=False) | ~models.Q(source=""),
                name="deployment_enabled_has_source",
            ),
            models.CheckConstraint(
                condition=models.Q(enabled=False)
                | models.Q(doubt="")
                | ~models.Q(doubt_overridden=""),
                name="deployment_doubted_is_disabled",
            ),
        )
        indexes = (
            models.Index(
                fields=("look_at",),
                condition=models.Q(look_at__isnull=False),
                name="deployment_to_look_at",
            ),
            models.Index(
                fields=("changed_at",),
                condition=models.Q(changed_at__isnull=False),
                name="deployment_changed",
            ),
        )

    def __str__(self) -> str:
        return f"{self.role} on {self.network.slug}"
