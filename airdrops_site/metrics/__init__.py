"""Everything for Prometheus: facts read from the database at scrape, and the web's own timings.

The facts are the same whichever process is asked, and survive restarts. Counters are tallies,
written with what they count, so they outlive cleaned-up rows and never fall. Labels are names that
an operator gave or words of this code, never an address, a hash or a URL. What is unknown is
absent. docs/metrics.md has all of them.
"""

import os

import prometheus_client
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from airdrops_site.metrics.collector import DatabaseCollector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

__all__ = ["CONTENT_TYPE", "DatabaseCollector", "render_facts", "render_metrics"]


def render_metrics() -> bytes:
    """The whole page in Prometheus' text format."""
    return generate_latest(_http_registry()) + render_facts()


def render_facts() -> bytes:
    """The part of it that the database knows."""
    facts = CollectorRegistry()
    facts.register(DatabaseCollector())
    return generate_latest(facts)


def _http_registry() -> CollectorRegistry:
    """The timings of all web processes where they share a folder, else of this one."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return prometheus_client.REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
