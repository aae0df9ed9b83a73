"""What endpoints said of bytes whose fate is decided for good."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from wallets.models import EndpointAnswer
from wallets.transactions.states import TransactionState
from wallets.triggers import archive_door


def old_answers(until: datetime) -> QuerySet[EndpointAnswer]:
    """Of attempts of final transactions; the attempts and their bytes stay."""
    final = TransactionState.FINAL
    return EndpointAnswer.objects.filter(at__lt=until, attempt__transaction__state=final)


def remove_answers(rows: QuerySet[Any]) -> int:
    """Through the one door in the triggers that keep history as it was written."""
    with archive_door():
        return rows.delete()[0]
