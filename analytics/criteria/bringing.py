"""Tasks that bring a token to a wallet: transfers from another one, bridges and exchanges."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

from analytics.allocation.routes import BRIDGES
from analytics.criteria.metric_models import TransferMetric
from analytics.criteria.reaching import Candidate
from protocols.params import NATIVE
from protocols.registry import UnknownAction, get_action
from scheduling.models import Task
from wallets.models import Token


class How(StrEnum):
    """By which kind of action."""

    TRANSFER = "transfer"
    BRIDGE = "bridge"
    SWAP = "swap"


@dataclass(frozen=True, slots=True)
class Bringing:
    """A task that brings the token; `given` is what it takes for that, and where."""

    candidate: Candidate
    how: How
    given: Token
    wanted: Token

    @property
    def task(self) -> Task:
        """As which it is done."""
        return self.candidate.task


@dataclass(frozen=True, slots=True)
class Tokens:
    """Those on record, by network and address; empty is the network's own coin."""

    known: Mapping[tuple[int, str], Token]

    @classmethod
    def read(cls) -> "Tokens":
        """One question."""
        rows = Token.objects.filter(enabled=True).select_related("network")
        return cls({(one.network_id, one.address): one for one in rows})

    def at(self, network: int | None, reference: object) -> Token | None:
        """What parameters call `native`, or by its address."""
        address = "" if reference == NATIVE else str(reference)
        return None if network is None else self.known.get((network, address))


def bringing(candidate: Candidate, wanted: Token, tokens: Tokens) -> Bringing | None:
    """Whether a task brings the token to a wallet, as far as its parameters say so."""
    task = candidate.task
    params, here = task.params, task.network_id
    if task.protocol.slug == "evm" and task.action in ("transfer", "transfer-token"):
        sent = tokens.at(here, params.get("token", NATIVE))
        return Bringing(candidate, How.TRANSFER, wanted, wanted) if sent == wanted else None
    if task.protocol.slug in BRIDGES:
        return _bridged(candidate, wanted, tokens)
    given = tokens.at(here, params.get("token_in", ""))
    if "token_in" in params and given and given != wanted and wanted in _brought(task, tokens):
        return Bringing(candidate, How.SWAP, given, wanted)
    return None


def _bridged(candidate: Candidate, wanted: Token, tokens: Tokens) -> Bringing | None:
    """The same coin, or a token that is called alike, from the network at the other end."""
    task, l1_of = candidate.task, BRIDGES[candidate.task.protocol.slug]
    here, there = task.network.chain_id, wanted.network.chain_id
    pair = (there, here) if task.action.startswith("deposit") else (here, there)
    if pair not in l1_of.items() or not task.action.startswith(("deposit", "withdraw")):
        return None
    sent = tokens.at(task.network_id, task.params.get("token", NATIVE))
    if sent is None or (sent.symbol, sent.decimals) != (wanted.symbol, wanted.decimals):
        return None
    return Bringing(candidate, How.BRIDGE, sent, wanted)


def _brought(task: Task, tokens: Tokens) -> set[Token | None]:
    try:
        names = get_action(task.protocol.slug, task.action).brings or ()
    except UnknownAction:
        return set()
    return {tokens.at(task.network_id, task.params.get(name, "")) for name in names}


def base_units(amount: Decimal, token: Token) -> int:
    """Rounded up: a base unit less may be missing."""
    return int(amount.scaleb(token.decimals).to_integral_value(ROUND_CEILING))


def wanted_token(kind: TransferMetric, network: int | None, tokens: Tokens) -> Token | None:
    """The token the metric is about, where it is on record."""
    return tokens.at(network, kind.token or NATIVE)
