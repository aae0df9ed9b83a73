"""What each verb of `manage.py campaigns` takes."""

from django.core.management.base import CommandParser

from airdrops_site.tx.known import a_number, a_reason
from analytics.models import Campaign


def of_list(parser: CommandParser) -> None:
    """Which."""
    parser.add_argument("--status", choices=Campaign.Status.values, default="")


def of_one(parser: CommandParser) -> None:
    """One by its slug."""
    parser.add_argument("campaign", help="its slug")


def of_count(parser: CommandParser) -> None:
    """One, or all."""
    parser.add_argument("campaigns", nargs="*", metavar="CAMPAIGN", help="only these")


def of_export(parser: CommandParser) -> None:
    """Which, how and where to."""
    of_count(parser)
    parser.add_argument("--to", default="", metavar="FILE", help="a file, instead of the screen")
    parser.add_argument(
        "--format",
        choices=("json", "csv"),
        default="",
        help="otherwise by the file's name, or json",
    )


def of_import(parser: CommandParser) -> None:
    """What from, and how far."""
    parser.add_argument("file", metavar="FILE", help="as `campaigns export` writes it")
    parser.add_argument("--dry-run", action="store_true", help="check everything, write nothing")
    parser.add_argument(
        "--leave-out-tasks", action="store_true", help="do not tie campaigns to their tasks"
    )


def of_entitle(parser: CommandParser) -> None:
    """A list, and how it is to be read."""
    of_one(parser)
    parser.add_argument("file", metavar="FILE", help="CSV, JSON or a Merkle file")
    parser.add_argument("--source", default="", help="where it is from; else the file's name")
    parser.add_argument(
        "--tokens", action="store_true", help="amounts are whole tokens, not base units"
    )
    parser.add_argument(
        "--missing-not-eligible",
        action="store_true",
        help="the list is complete: who is not in it is not eligible",
    )
    parser.add_argument("--dry-run", action="store_true", help="check everything, write nothing")


def of_status(parser: CommandParser) -> None:
    """One, what it is now, and why."""
    of_one(parser)
    parser.add_argument("status", choices=Campaign.Status.values)
    parser.add_argument("--reason", default="", help="a step back needs one")


def of_receipts(parser: CommandParser) -> None:
    """Perhaps one, of which what only may be is told too."""
    parser.add_argument("campaign", nargs="?", default="", help="also list what may be of it")


def of_receive(parser: CommandParser) -> None:
    """Which entries."""
    of_one(parser)
    parser.add_argument("entries", nargs="+", type=a_number, metavar="ENTRY")
    parser.add_argument("--reason", type=a_reason, required=True, help="for the history")
    parser.add_argument("--take-back", action="store_true", help="they are none after all")
