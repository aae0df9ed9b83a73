"""Prices from Chainlink feeds: contracts that answer `latestRoundData()`.

https://docs.chain.link/data-feeds/api-reference. A feed's address is never guessed: the operator
registers it with the place where it is published.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from eth_abi.exceptions import DecodingError
from eth_typing import ChecksumAddress

from wallets.addresses import AddressError, parse_address
from wallets.chain.client import ChainError, NetworkClient, hex_bytes
from wallets.chain.codec import CODEC
from wallets.chain.rpc import Request
from wallets.models import Network, PriceFeed, PriceSource, Token
from wallets.prices import MOST_DECIMALS, PriceError, Quote, Readings

LATEST_ROUND_DATA, DECIMALS, DESCRIPTION = "0xfeaf968c", "0x313ce567", "0x7284e416"
ROUND = ("uint80", "int256", "uint256", "uint256", "uint80")
# A feed's transaction takes its time to be mined.
GRACE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ChainlinkSource:
    """The registered feeds, asked with one batch a network."""

    name: PriceSource = PriceSource.CHAINLINK

    def read(self, tokens: Sequence[Token]) -> Readings:
        """What the feeds of the tokens say; a network that does not answer is a problem."""
        feeds = PriceFeed.objects.filter(token__in=tokens, enabled=True, network__enabled=True)
        rows = feeds.select_related("network", "token__network").order_by("network", "pk")
        quotes: dict[Token, Quote] = {}
        problems: list[str] = []
        for network, some in groupby(rows, key=lambda feed: feed.network):
            try:
                _read_network(network, list(some), quotes, problems)
            except ChainError as error:
                problems.append(f"the price feeds on {network.name} were not read: {error}")
        return Readings(quotes, tuple(problems))


def register_feed(
    *,
    token: Token,
    network: Network,
    address: str,
    heartbeat_seconds: int,
    source: str,
    client: NetworkClient,
    description: str = "",
) -> PriceFeed:
    """Go by a feed from now on, once it has answered as one of US dollars does.

    A feed whose description does not end in `/ USD` is taken only if it is said word for word.
    """
    try:
        checked = parse_address(address)
    except AddressError as error:
        raise PriceError(str(error)) from error
    if not source:
        raise PriceError("say where the feed's address is published")
    said = _describe(client, checked)
    if said != description and (description or not said.endswith("/ USD")):
        raise PriceError(
            f"the feed at {checked} describes itself as {said!r}; that is not "
            f"{description or 'a price in US dollars (… / USD)'}"
        )
    row = PriceFeed(
        token=token,
        network=network,
        address=checked,
        heartbeat_seconds=heartbeat_seconds,
        source=source,
    )
    _quote(row, *client.read_many(_questions(checked)))
    found, _ = PriceFeed.objects.update_or_create(
        token=token,
        defaults={
            "network": network,
            "address": checked,
            "heartbeat_seconds": heartbeat_seconds,
            "source": source,
            "enabled": True,
        },
    )
    return found


def _read_network(
    network: Network, feeds: list[PriceFeed], quotes: dict[Token, Quote], problems: list[str]
) -> None:
    questions = [one for feed in feeds for one in _questions(parse_address(feed.address))]
    answers = NetworkClient(network).read_many(questions)
    for number, feed in enumerate(feeds):
        try:
            quotes[feed.token] = _quote(feed, *answers[2 * number : 2 * number + 2])
        except PriceError as error:
            problems.append(str(error))


def _questions(address: ChecksumAddress) -> list[Request]:
    return [_ask(address, LATEST_ROUND_DATA), _ask(address, DECIMALS)]


def _ask(address: ChecksumAddress, selector: str) -> Request:
    return ("eth_call", [{"to": address, "data": selector}, "latest"])


def _quote(feed: PriceFeed, latest: Any, decimals: Any) -> Quote:
    answer, updated_at = _round(feed, latest)
    places = _decoded(feed, ("uint8",), decimals)[0]
    if answer <= 0 or not updated_at:
        raise PriceError(f"the feed {feed} has no answer above zero")
    if places > MOST_DECIMALS:
        raise PriceError(f"the feed {feed} answers with {places} decimals")
    try:
        at = datetime.fromtimestamp(updated_at, tz=UTC)
        stale_at = at + timedelta(seconds=feed.heartbeat_seconds) + GRACE
    except (OverflowError, OSError, ValueError):
        raise PriceError(f"the feed {feed} gives no time that can be") from None
    return Quote(answer, places, at, stale_at, f"{feed.address} on {feed.network.slug}")


def _round(feed: PriceFeed, latest: Any) -> tuple[int, int]:
    _, answer, _, updated_at, _ = _decoded(feed, ROUND, latest)
    return answer, updated_at


def _describe(client: NetworkClient, address: ChecksumAddress) -> str:
    try:
        (said,) = CODEC.decode(["string"], hex_bytes(client.read(*_ask(address, DESCRIPTION))))
    except (DecodingError, UnicodeDecodeError, ChainError) as error:
        raise PriceError(f"there is no price feed at {address}: {error}") from error
    return str(said)


def _decoded(feed: PriceFeed, types: Iterable[str], answer: Any) -> tuple[Any, ...]:
    if isinstance(answer, ChainError):
        raise PriceError(f"the feed {feed} gave no answer: {answer}")
    try:
        return tuple(CODEC.decode(list(types), hex_bytes(answer)))
    except (DecodingError, OverflowError):
        raise PriceError(f"the feed {feed} does not answer as a price feed does") from None
