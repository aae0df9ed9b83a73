"""Counters that are known before anything was counted; they stand at 0.

Prometheus sees no step in a counter whose first value is 1. Only what is enabled, so that there are
few; what was counted under another name is there as well.
"""

from collections.abc import Iterable, Mapping
from itertools import product

from analytics.alerts.channels import ChannelsUnreadable, read_channels
from analytics.alerts.sending import MESSAGES
from analytics.allocation.states import ENDED as ENDED_REBALANCE
from analytics.allocation.states import REBALANCES
from analytics.models import AllocationPolicy, Notification
from protocols.models import Protocol
from scheduling.counting import RUNS
from scheduling.gates import registry as gates
from scheduling.gates.counting import HOLD, REFUSALS
from scheduling.states import FINISHED_RUN
from wallets import wakeups
from wallets.chain.timings import ERROR_KINDS, ERRORS
from wallets.models import RpcEndpoint
from wallets.tallies import JOB_OUTCOMES, JOBS
from wallets.transactions.counting import FEES_NATIVE, FEES_UNPRICED, FEES_USD, TRANSACTIONS
from wallets.transactions.states import ENDED_UNSENT, Outcome

Values = tuple[str, ...]
OUTCOMES = (*Outcome.values, *ENDED_UNSENT)
SENT_OR_NOT = (Notification.State.SENT, Notification.State.FAILED)


def known() -> Mapping[str, list[Values]]:
    """Values of labels by tally, in the order in which the counter names the labels."""
    enabled = Protocol.objects.filter(enabled=True).order_by("slug", "networks__slug")
    rows = list(enabled.values_list("slug", "networks__slug", "networks__enabled"))
    pairs = [(network, protocol) for protocol, network, is_on in rows if is_on]
    protocols = sorted({protocol for protocol, *_ in rows})
    policies = AllocationPolicy.objects.filter(enabled=True).values_list("name", flat=True)
    paths = sorted({work.path for work in wakeups.registered()})
    found: dict[str, Iterable[Values]] = {
        TRANSACTIONS: ((*pair, one) for pair, one in product(pairs, OUTCOMES)),
        RUNS: product(protocols, FINISHED_RUN),
        REFUSALS: ((gate.name, HOLD) for gate in gates.registered()),
        JOBS: product(paths, JOB_OUTCOMES),
        REBALANCES: product(policies, ENDED_REBALANCE),
        ERRORS: ((*place, kind) for place, kind in product(_endpoints(), ERROR_KINDS)),
        MESSAGES: product(_channels(), SENT_OR_NOT),
        **dict.fromkeys((FEES_NATIVE, FEES_USD, FEES_UNPRICED), pairs),
    }
    return {tally: list(values) for tally, values in found.items()}


def _endpoints() -> Iterable[tuple[str, str]]:
    rows = RpcEndpoint.objects.filter(enabled=True, network__enabled=True).order_by("pk")
    return list(rows.values_list("network__slug", "name"))


def _channels() -> list[str]:
    try:
        return list(read_channels())
    except ChannelsUnreadable:
        # The alerts say so themselves.
        return []
