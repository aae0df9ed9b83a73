"""`ledger profit`, `roi`, `unpriced` and `prices`."""

import csv
import io
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from airdrops_site.answers import Answer, BadInput, table
from airdrops_site.ledger_command import asked
from analytics.basis import Method, ProfitLine, profit
from analytics.basis.book import read_book
from analytics.basis.refreshing import advance
from analytics.basis.summary import profit_facts, roi_facts
from analytics.basis.unpriced import (
    COLUMNS,
    PriceFileError,
    Unpriced,
    import_prices,
    template,
    unpriced,
)
from analytics.flows import Money
from analytics.roi import RoiLine, roi
from wallets.amounts import show_amount

SECONDS = 5.0
_LINES = (
    *("Wallet", "Token", "Held", "of it elsewhere", "Cost", "Worth"),
    *("Realised", "Unrealised", "Income", "Fees"),
)
_ROI = ("", "Invested", "Costs", "Income", "Realised", "Unrealised", "Ratio")


def of_profit(parser: CommandParser) -> None:
    """The options of `ledger profit`."""
    asked.add_method(parser)
    asked.add_days(parser)
    asked.add_wallets(parser)


def of_roi(parser: CommandParser) -> None:
    """The options of `ledger roi`."""
    parser.add_argument(
        "--by", choices=("campaign", "protocol", "wallet", "network"), default="campaign"
    )
    asked.add_method(parser)
    asked.add_days(parser)


def of_unpriced(parser: CommandParser) -> None:
    """The options of `ledger unpriced`."""
    parser.add_argument("--csv", default="", help="write a file to fill in, for `ledger prices`")


def of_prices(parser: CommandParser) -> None:
    """The options of `ledger prices`."""
    parser.add_argument("file", help="a CSV file: network,token,at,usd")


def show_profit(options: dict[str, Any]) -> Answer:
    """By wallet and token; what was realised counts from the first day on."""
    start, end = asked.days(options)
    follow(options["method"])
    found = profit(method=options["method"], wallets=asked.wallets(options), start=start, until=end)
    facts = {
        "method": found.method,
        "lines": [profit_facts(one) for one in found.lines],
        "unknown": list(found.unknown),
    }
    shown = table("Profit in US dollars", _LINES, map(_texts, found.lines))
    return Answer(facts, (shown, *found.unknown))


def show_roi(options: dict[str, Any]) -> Answer:
    """What was laid out, and what it brought."""
    start, end = asked.days(options)
    follow(options["method"])
    lines = roi(by=options["by"], start=start, end=end, method=options["method"])
    facts = [roi_facts(one) for one in lines]
    shown = table(f"Return by {options['by']}", _ROI, map(_roi_texts, lines))
    problems = dict.fromkeys(problem for one in lines for problem in one.problems)
    return Answer(facts, (shown, *problems))


def show_unpriced(options: dict[str, Any]) -> Answer:
    """Tokens and days whose prices are missing."""
    follow("fifo")
    found = unpriced(read_book("fifo"))
    facts = [_unpriced(one) for one in found]
    if options["csv"]:
        return Answer(facts, (_write(Path(options["csv"]), found),))
    if not found:
        return Answer(facts, ("Every price that the books need is known.",))
    rows = [tuple(str(value) for value in one.values()) for one in facts]
    shown = table("Prices that are not known", ("Network", "Token", "Day", "Entries"), rows)
    how = (
        "`ledger unpriced --csv FILE` writes a file of them; fill in usd and read it with "
        "`ledger prices FILE`."
    )
    return Answer(facts, (shown, how))


def take_prices(options: dict[str, Any]) -> Answer:
    """Keep the prices of a file: all of them, or none."""
    path = Path(options["file"])
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            count = import_prices(file)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path} cannot be read: {error}") from error
    except PriceFileError as error:
        raise BadInput(f"{path}: {error}; nothing was kept") from error
    return Answer({"prices": count}, (f"{count} prices are known now.",))


def follow(method: Method) -> None:
    """Bring what is kept up to date, in parts; it says on standard error how far it is."""
    progress = _progress()
    while not advance(method, seconds=SECONDS, progress=progress):
        pass


def _progress() -> Any:
    said = time.monotonic()

    def tell(until: Any) -> None:
        nonlocal said
        if time.monotonic() - said > 1:
            said = time.monotonic()
            sys.stderr.write(f"followed the books until {until:%Y-%m-%d}\n")

    return tell


def _texts(one: ProfitLine) -> tuple[str, ...]:
    decimals = one.token.decimals
    amounts = (show_amount(number, decimals) for number in (one.quantity, one.elsewhere))
    money = (one.cost, one.worth, one.realised, one.unrealised, one.income, one.fees)
    return one.wallet.label, str(one.token), *amounts, *map(cents, money)


def cents(money: Money) -> str:
    """To the cent, or that it is unknown."""
    return "unknown" if money.dollars is None else f"{money.dollars:,.2f}"


def _roi_texts(one: RoiLine) -> tuple[str, ...]:
    money = (one.invested, one.costs, one.income, one.realised, one.unrealised)
    return one.key, *map(cents, money), percent(one.ratio)


def percent(ratio: Decimal | None) -> str:
    """Of what was laid out."""
    return "unknown" if ratio is None else f"{ratio * 100:,.2f} %"


def _unpriced(one: Unpriced) -> dict[str, Any]:
    return {
        "network": one.token.network.slug,
        "token": one.token.symbol,
        "day": str(one.day),
        "entries": one.entries,
    }


def _write(path: Path, found: list[Unpriced]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *template(found)])
    try:
        path.write_text(text.getvalue(), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from error
    return f"{path} has {len(found)} lines; fill in usd and read it with `ledger prices {path}`."
