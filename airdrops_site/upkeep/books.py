"""The daily look whether the books are what the chain says."""

from airdrops_site.upkeep.results import Result
from analytics.books.beside import Beside, Line, put_beside
from wallets.amounts import to_decimal
from wallets.balances import networks_with_balances
from wallets.chain.client import NetworkClient
from wallets.models import Wallet


def compare_books(_by: str) -> Result:
    """Every wallet and token at one final block of each network; no difference is booked."""
    # Retired ones too: their books must be right as well.
    wallets = list(Wallet.objects.order_by("label"))
    found = [
        put_beside(network=network, client=NetworkClient(network), wallets=wallets)
        for network in networks_with_balances().order_by("slug")
    ]
    lines = [(one, line) for one in found for line in one.lines]
    findings = [_said(*pair) for pair in lines if pair[1].difference]
    unknown = [f"{one.network.slug}: {one.problem}" for one in found if one.problem]
    unread = sum(line.chain is None for _, line in lines)
    summary = f"{len(lines)} balances: {len(findings)} differ from the books, {unread} unknown."
    figures = {"balances": len(lines), "different": len(findings), "unread": unread}
    if unread and not unknown:
        unknown.append(f"{unread} balances could not be read")
    return Result(summary, findings, unknown, figures)


def _said(beside: Beside, line: Line) -> str:
    difference = line.difference or 0
    amount = to_decimal(abs(difference), line.token.decimals)
    which = "more" if difference > 0 else "less"
    place = f"{line.wallet.label} on {beside.network.slug}"
    return f"{place}: the chain has {amount:f} {line.token.symbol} {which} than the books"
