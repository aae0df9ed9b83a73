"""Addresses of others that value may go to, once a second person has looked at them."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from wallets.addresses import AddressField


class AddressBookEntry(models.Model):
    """A recipient that is no wallet of ours. Only a confirmed one ever receives anything."""

    class Status(models.TextChoices):
        ENTERED = "entered", "Entered"
        CONFIRMED = "confirmed", "Confirmed"
        REMOVED = "removed", "Removed"

    label = models.CharField(max_length=80)
    address = AddressField()
    network = models.ForeignKey(
        "wallets.Network",
        on_delete=models.PROTECT,
        related_name="address_book",
        null=True,
        blank=True,
        help_text="Empty for every network.",
    )
    is_safe = models.BooleanField(
        default=False, help_text="A safe address: wallets in trouble are drained to it."
    )
    note = models.CharField(max_length=200, blank=True, help_text="Whose it is, who said so.")
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.ENTERED)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    entered_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_alone = models.BooleanField(
        default=False, help_text="Nobody else was asked: the installation has one operator."
    )
    version = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ("label",)
        verbose_name_plural = "Address book entries"
        permissions = (("confirm_addressbookentry", "Can confirm what somebody else entered"),)
        constraints = (
            models.UniqueConstraint(
                fields=("label",), condition=~Q(status="removed"), name="address_book_label_once"
            ),
            models.UniqueConstraint(
                fields=("address", "network"),
                condition=~Q(status="removed"),
                name="address_book_once_a_network",
            ),
            models.UniqueConstraint(
                fields=("address",),
                condition=Q(network=None) & ~Q(status="removed"),
                name="address_book_once_for_all",
            ),
            models.CheckConstraint(
                condition=Q(
                    status="confirmed", confirmed_by__isnull=False, confirmed_at__isnull=False
                )
                | (
                    ~Q(status="confirmed") & Q(confirmed_by__isnull=True, confirmed_at__isnull=True)
                ),
                name="address_book_confirmed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True)
                | Q(confirmed_alone=True)
                | ~Q(confirmed_by=F("entered_by")),
                name="address_book_two_persons",
            ),
        )
        indexes = (models.Index(fields=("address",), name="address_book_address"),)

    def __str__(self) -> str:
        return self.label
