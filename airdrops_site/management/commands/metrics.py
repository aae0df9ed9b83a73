"""Prints what /metrics says of the database, or the table of all metrics."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from airdrops_site.metrics import render_facts
from airdrops_site.metrics.table import table


class Command(BaseCommand):
    """`manage.py metrics`, without a web server; `--table` for docs/metrics.md."""

    help = "Prints the metrics that come from the database, in Prometheus' text format."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What is printed instead."""
        parser.add_argument(
            "--table", action="store_true", help="the names, labels and meanings instead"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """One or the other."""
        self.stdout.write(table() if options["table"] else render_facts().decode().rstrip())
