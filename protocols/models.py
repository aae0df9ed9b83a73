"""Which protocols are enabled, and which contracts of theirs may be called."""

from django.db import models

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
    source = models.CharField(max_length=300, help_text="Where the address is published.")
    verified_at = models.DateTimeField(null=True, blank=True)
    enabled = models.BooleanField(default=False)
    disabled_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("protocol", "network", "role")
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
        )

    def __str__(self) -> str:
        return f"{self.role} on {self.network.slug}"
