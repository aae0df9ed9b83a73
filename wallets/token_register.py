"""Tokens come in after their contracts said the same as the list or the person that named them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.core.exceptions import ValidationError
from eth_typing import ChecksumAddress

from wallets.addresses import AddressError, parse_address
from wallets.chain.client import NetworkClient
from wallets.models import Network, Token
from wallets.token_facts import TokenFacts, read_token_facts
from wallets.token_lists import ListedToken

# Four questions a token: a few exchanges with a node at a time.
AT_ONCE = 100


class TokenRefused(ValueError):
    """The token was not taken in; the message says why."""


class Verdict(StrEnum):
    """What became of a listed token."""

    ADDED = "added"
    KNOWN = "known"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A listed token and what became of it, with a sentence where it was not added."""

    listed: ListedToken
    verdict: Verdict
    sentence: str = ""


def import_tokens(
    *, network: Network, client: NetworkClient, listed: Sequence[ListedToken], dry_run: bool = False
) -> list[Outcome]:
    """Take in those tokens of the network whose contracts agree with the list, in batches.

    One that is known stays as it is: what was disabled is not enabled by somebody's list.
    """
    outcomes: list[Outcome] = []
    for start in range(0, len(listed), AT_ONCE):
        outcomes += _import_some(network, client, listed[start : start + AT_ONCE], dry_run=dry_run)
    return outcomes


def add_token(*, network: Network, client: NetworkClient, address: str) -> Token:
    """The token at an address as its contract describes it; enabled again if it was disabled."""
    checked = _address(address)
    (facts,) = read_token_facts(client, [checked])
    if not facts.has_code:
        raise TokenRefused(f"there is no contract at {checked} on {network.name}")
    if facts.decimals is None or facts.symbol is None:
        raise TokenRefused(
            f"{checked} on {network.name} does not say its decimals and symbol; it is no ERC-20 "
            "that can be counted"
        )
    known = Token.objects.filter(network=network, address=checked).first()
    if known is None:
        return _made(network, checked, facts.symbol, facts.name or "", facts.decimals)
    if known.decimals != facts.decimals:
        raise TokenRefused(
            f"{known} is recorded with {known.decimals} decimals and its contract says "
            f"{facts.decimals}; nothing was changed"
        )
    Token.objects.filter(pk=known.pk).update(enabled=True)
    known.enabled = True
    return known


def _made(
    network: Network, address: ChecksumAddress, symbol: str, name: str, decimals: int
) -> Token:
    row = _row(network, address, symbol, name, decimals)
    row.save()
    return row


def _import_some(
    network: Network, client: NetworkClient, listed: Sequence[ListedToken], *, dry_run: bool
) -> list[Outcome]:
    outcomes: dict[ListedToken, Outcome] = {}
    asked: dict[ChecksumAddress, ListedToken] = {}
    known = set(network.tokens.values_list("address", flat=True))
    for one in listed:
        try:
            address = _address(one.address)
        except TokenRefused as error:
            outcomes[one] = Outcome(one, Verdict.REFUSED, str(error))
            continue
        if address in known or address in asked:
            outcomes[one] = Outcome(one, Verdict.KNOWN, "it stays as it is")
        else:
            asked[address] = one
    rows: list[Token] = []
    for (address, one), facts in zip(
        asked.items(), read_token_facts(client, list(asked)), strict=True
    ):
        try:
            rows.append(_agreed(network, address, one, facts))
            outcomes[one] = Outcome(one, Verdict.ADDED)
        except TokenRefused as error:
            outcomes[one] = Outcome(one, Verdict.REFUSED, str(error))
    if not dry_run:
        Token.objects.bulk_create(rows, ignore_conflicts=True)
    return [outcomes[one] for one in listed]


def _agreed(
    network: Network, address: ChecksumAddress, listed: ListedToken, facts: TokenFacts
) -> Token:
    """The row of a token whose contract says what the list says."""
    if not facts.has_code:
        raise TokenRefused(f"there is no contract at {address} on {network.name}")
    if facts.decimals != listed.decimals:
        said = "none that can be counted" if facts.decimals is None else facts.decimals
        raise TokenRefused(
            f"the list says {listed.decimals} decimals and the contract {said}; ask the list's "
            "publisher, or add it by its address"
        )
    if facts.symbol != listed.symbol:
        raise TokenRefused(
            f"the list calls it {listed.symbol} and the contract {facts.symbol or 'nothing'}; if "
            "it is what you want, add it by its address"
        )
    return _row(network, address, listed.symbol, listed.name, listed.decimals)


def _row(
    network: Network, address: ChecksumAddress, symbol: str, name: str, decimals: int
) -> Token:
    row = Token(network=network, address=address, symbol=symbol, name=name[:100], decimals=decimals)
    try:
        row.clean_fields()
    except ValidationError as error:
        raise TokenRefused(
            f"{symbol!r} at {address} cannot be shown safely: {'; '.join(error.messages)}"
        ) from error
    return row


def _address(text: str) -> ChecksumAddress:
    try:
        return parse_address(text)
    except AddressError as error:
        raise TokenRefused(str(error)) from error
