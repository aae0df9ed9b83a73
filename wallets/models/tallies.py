"""What was counted, kept when the rows it was counted from are gone."""

from django.db import models

from wallets.amounts import AmountField


class Tally(models.Model):
    """How much of something there was in all, by its labels. It only grows.

    `labels` is JSON with its keys in order, so that equal labels are equal text. The unit is told
    by the name: events, wei, 10^-18 US dollars, microseconds.
    """

    name = models.CharField(max_length=60)
    labels = models.CharField(max_length=300)
    value = AmountField(default=0)

    class Meta:
        ordering = ("name", "labels")
        verbose_name_plural = "Tallies"
        constraints = (models.UniqueConstraint(fields=("name", "labels"), name="tally_once"),)

    def __str__(self) -> str:
        return f"{self.name} {self.labels}"


class TallyDelta(models.Model):
    """What was counted since, a row each time: nobody waits for anybody else's count.

    Written in the database transaction of what it counts; added to its tally and deleted, both in
    one transaction, some seconds later.
    """

    name = models.CharField(max_length=60)
    labels = models.CharField(max_length=300)
    value = AmountField()

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.value} more of {self.name} {self.labels}"
