"""What every verb of `manage.py wallets` is made of."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.management.base import CommandParser

from airdrops_site.answers import BadInput
from wallets.models import Wallet

Options = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """What a verb answers: a value for scripts, lines for people, and the exit code."""

    value: Any
    lines: list[Any] = field(default_factory=list)
    code: int = 0


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: its arguments and what it does."""

    name: str
    help: str
    arguments: Callable[[CommandParser], None]
    run: Callable[[Options], Said]


def wallet_of(label: str) -> Wallet:
    """The wallet of this label."""
    row = Wallet.objects.filter(label=label).select_related("group").first()
    if row is None:
        raise BadInput(f"there is no wallet {label[:80]!r}; `wallets list` shows them")
    return row


def tell(line: str) -> None:
    """Progress goes to standard error: standard output is for what was asked."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
