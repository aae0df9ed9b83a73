"""What only ends what a run has begun: it gives nothing away and brings in what is under way."""

from wallets.models import Transaction
from wallets.transactions.limits import Limits
from wallets.transactions.policy import PolicyRefusal, check_policy


def only_brings_in(row: Transaction, limits: Limits) -> bool:
    """Whether neither coin nor tokens go with it, as the policy counts; in doubt it is not so."""
    if row.value or not row.data:
        return False
    try:
        return not check_policy(row, limits).spends
    except PolicyRefusal:
        return False
