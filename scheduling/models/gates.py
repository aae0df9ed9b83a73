"""When work is allowed, and how often gates have held something."""

from datetime import time
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from wallets.models import ScopeKind

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# What hours may be set for: a token or a campaign has none.
HOURS_SCOPES = (
    ScopeKind.EVERYTHING,
    ScopeKind.NETWORK,
    ScopeKind.PROTOCOL,
    ScopeKind.ACTION,
    ScopeKind.WALLET,
)


class AllowedHours(models.Model):
    """Hours of the week in which something may begin and be signed, on the clocks of a place.

    Several rows of one scope add up; of several scopes each must allow it. Who has none is free.
    """

    scope_kind = models.CharField(
        max_length=10, choices=[(kind.value, kind.label) for kind in HOURS_SCOPES]
    )
    scope_value = models.CharField(max_length=100, blank=True)
    weekdays = models.CharField(
        max_length=27,
        default=",".join(WEEKDAYS),
        help_text="The days on which they begin: mon,tue,wed,thu,fri,sat,sun.",
    )
    begins = models.TimeField(default=time(0))
    ends = models.TimeField(
        default=time(0), help_text="Not later than the beginning: on the next day."
    )
    timezone = models.CharField(max_length=50, default="UTC", help_text="Like Europe/Berlin.")
    enabled = models.BooleanField(default=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("scope_kind", "scope_value", "id")
        verbose_name_plural = "Allowed hours"
        constraints = (
            models.CheckConstraint(
                condition=Q(scope_kind="everything", scope_value="")
                | (~Q(scope_kind="everything") & ~Q(scope_value="")),
                name="allowed_hours_scope_is_whole",
            ),
        )

    def __str__(self) -> str:
        times = f"{self.begins:%H:%M}-{self.ends:%H:%M}"
        return f"{self.weekdays} {times} {self.timezone}"

    @property
    def days(self) -> tuple[int, ...]:
        """The weekdays as Python counts them; ValueError for a word that is none."""
        return tuple(WEEKDAYS.index(word.strip()) for word in self.weekdays.split(","))

    def clean(self) -> None:
        """Days and place are ones there are: what cannot be read would hold everything."""
        try:
            found = self.days
        except ValueError as error:
            told = f"Write days like {','.join(WEEKDAYS)}."
            raise ValidationError({"weekdays": told}) from error
        self.weekdays = ",".join(WEEKDAYS[day] for day in sorted(set(found)))
        try:
            ZoneInfo(self.timezone)
        except (ValueError, OSError, KeyError) as error:
            told = f"{self.timezone!r} is no time zone; write one like Europe/Berlin."
            raise ValidationError({"timezone": told}) from error


class GateCount(models.Model):
    """How often a gate began to hold a run or a signature on a day (UTC)."""

    gate = models.CharField(max_length=50)
    day = models.DateField()
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ("-day", "gate")
        constraints = (models.UniqueConstraint(fields=("gate", "day"), name="gate_count_once"),)

    def __str__(self) -> str:
        return f"{self.gate} on {self.day}: {self.count}"
