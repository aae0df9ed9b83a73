"""The counters, each a tally of the same labels."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prometheus_client.core import Metric

from airdrops_site.metrics.families import Sample, counter, summed
from airdrops_site.metrics.known import Values, known
from airdrops_site.metrics.scrape import Scrape
from analytics.alerts.sending import MESSAGES
from analytics.allocation.states import REBALANCES
from scheduling.counting import RUNS
from scheduling.gates.counting import REFUSALS
from wallets.amounts import to_decimal
from wallets.chain.timings import ERRORS
from wallets.tallies import FAILED, JOBS
from wallets.transactions.counting import (
    FEES_NATIVE,
    FEES_UNPRICED,
    FEES_USD,
    TRANSACTIONS,
    USD_DECIMALS,
)

_BY_PROTOCOL = ("network", "protocol")
# A scrape gives every sample a label `job` of its own, and puts another of that name aside.
_SHOWN = {"job": "path"}


@dataclass(frozen=True, slots=True)
class Counted:
    """A tally as a metric; its unit is 10^-`decimals`."""

    tally: str
    text: str
    labels: tuple[str, ...]
    decimals: int = 0


COUNTERS = (
    Counted(
        TRANSACTIONS,
        "Transactions that have ended for good (final, or never sent), by what became of them.",
        (*_BY_PROTOCOL, "outcome"),
    ),
    Counted(
        FEES_USD, "Fees of final transactions, at the price of then.", _BY_PROTOCOL, USD_DECIMALS
    ),
    Counted(FEES_UNPRICED, "Final transactions whose fee had no price.", _BY_PROTOCOL),
    Counted(RUNS, "Ends of runs; one tried again ends once each time.", ("protocol", "outcome")),
    Counted(REFUSALS, "How often a gate began to hold something.", ("gate", "answer")),
    Counted(JOBS, "Jobs that workers ended, well or with an error.", ("job", "outcome")),
    Counted(REBALANCES, "Rebalances that have ended.", ("policy", "outcome")),
    Counted(ERRORS, "Exchanges that gave no usable answer.", ("network", "endpoint", "kind")),
    Counted(MESSAGES, "Messages of alerts.", ("channel", "outcome")),
)


def collect(scrape: Scrape) -> Iterator[Metric]:
    """All of them, from what the scrape has read already."""
    beginnings = known()
    for one in COUNTERS:
        zeros = _zeros(beginnings[one.tally])
        samples = summed([*zeros, *_samples(scrape, one)])
        labels = tuple(_SHOWN.get(name, name) for name in one.labels)
        yield counter(one.tally, one.text, labels, samples)
    yield counter(
        "fees_native",
        "Fees of final transactions, in the network's own coin.",
        _BY_PROTOCOL,
        summed([*_zeros(beginnings[FEES_NATIVE]), *_native(scrape)]),
    )
    yield counter(
        "wakeup_failures",
        "Jobs that ended with an error nobody expected; the log has it.",
        ("path",),
        summed([*_zeros((job,) for job, _ in beginnings[JOBS]), *_failures(scrape)]),
    )


def _zeros(beginnings: Iterable[Values]) -> Iterator[Sample]:
    return ((values, 0) for values in beginnings)


def _failures(scrape: Scrape) -> Iterator[Sample]:
    for labels, value in scrape.counted(JOBS):
        if labels["outcome"] == FAILED:
            yield (labels["job"],), value


def _samples(scrape: Scrape, one: Counted) -> Iterator[Sample]:
    for labels, value in scrape.counted(one.tally):
        yield tuple(labels[name] for name in one.labels), float(to_decimal(value, one.decimals))


def _native(scrape: Scrape) -> Iterator[Sample]:
    for labels, value in scrape.counted(FEES_NATIVE):
        decimals = scrape.decimals.get(labels["network"], 18)
        yield tuple(labels[name] for name in _BY_PROTOCOL), float(to_decimal(value, decimals))
