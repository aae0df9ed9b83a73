"""The stop switch that needs neither a login nor the database: a file on the host that signs."""

from django.conf import settings
from django.db import transaction

from wallets.models import EmergencyStop, ScopeKind
from wallets.services import engage_stop
from wallets.transactions.stop_file import stop_file_reason


def engage_for_file() -> bool:
    """Turn a stop file of this host into the stop of everything, for all hosts; whether it did.

    Asked once a second. Taking the file away lifts nothing: a person does.
    """
    if not (reason := stop_file_reason()):
        return False
    stops = EmergencyStop.objects.filter(scope_kind=ScopeKind.EVERYTHING, engaged=True)
    if stops.filter(mode=EmergencyStop.Mode.EVERYTHING).exists():
        return False
    with transaction.atomic():
        engage_stop(reason=reason[:300], actor=f"stop file of {settings.HOST_NAME}"[:100])
    return True
