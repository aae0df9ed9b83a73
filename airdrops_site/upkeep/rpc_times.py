"""How long endpoints took for 95 of 100 exchanges, from the buckets that are counted anyway."""

from collections.abc import Mapping

from wallets import tallies
from wallets.chain.timings import BUCKETS, NAMES

# By `network/endpoint`, then by the upper bound of the bucket in seconds, as a text.
Buckets = dict[str, dict[str, int]]


def counted() -> Buckets:
    """Exchanges since counting began."""
    found: Buckets = {}
    for (name, labels), count in tallies.values().items():
        if name == BUCKETS:
            told = dict(labels)
            found.setdefault(f"{told['network']}/{told['endpoint']}", {})[told["le"]] = count
    return found


def since(now: Buckets, before: Mapping[str, Mapping[str, int]]) -> Buckets:
    """What was added; all of it for an endpoint that was not counted then."""
    return {
        name: {le: count - before.get(name, {}).get(le, 0) for le, count in counts.items()}
        for name, counts in now.items()
    }


def bound95(counts: Mapping[str, int]) -> str | None:
    """The upper bound in seconds of the bucket in which the 95th of 100 is, `+Inf` beyond the last.

    The exchange itself took no longer, and may have been much quicker. None is unknown: there was
    no exchange.
    """
    total, seen = sum(counts.values()), 0
    for name in NAMES:
        seen += counts.get(name, 0)
        if total > 0 and seen * 100 >= total * 95:
            return name
    return None


def in_words(bound: str) -> str:
    """So long at the most, or longer than the last bound."""
    return f"more than {NAMES[-2]} s" if bound == NAMES[-1] else f"at most {bound} s"
