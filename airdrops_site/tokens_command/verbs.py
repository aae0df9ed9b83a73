"""What `manage.py tokens` does: lists, single tokens, and what adapters may do with them."""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from airdrops_site.answers import Answer, BadInput, table
from protocols.services import register_token
from wallets.chain.client import NetworkClient
from wallets.models import Network, Token
from wallets.token_lists import ListedToken, TokenListError, read_token_list
from wallets.token_register import Outcome, Verdict, add_token, import_tokens


def import_list(options: dict[str, Any]) -> tuple[Answer, int]:
    """Take in a published list, as far as its networks are known and its contracts agree.

    1 where something was refused.
    """
    found = _read(Path(options["file"]))
    networks = {row.chain_id: row for row in _networks(options["network"])}
    wanted = sorted(
        (one for one in found.tokens if one.chain_id in networks), key=lambda one: one.chain_id
    )
    outcomes: list[tuple[Network, Outcome]] = []
    for chain_id, listed in groupby(wanted, key=lambda one: one.chain_id):
        network = networks[chain_id]
        outcomes += [
            (network, one) for one in _import(network, list(listed), dry_run=options["dry_run"])
        ]
    answer = _imported(found.source, len(found.tokens) - len(wanted), outcomes, options)
    return answer, 1 if answer.facts["refused"] else 0


def add(options: dict[str, Any]) -> Answer:
    """Take in one token by its address, as its contract describes it."""
    (network,) = _networks(options["network_slug"])
    client = NetworkClient(network)
    if options["permit"] and not options["source"]:
        raise BadInput("--permit needs --source: where the address is published")
    token = add_token(network=network, client=client, address=options["address"])
    done = f"{token} at {token.address} has {token.decimals} decimals; its balances are read"
    if options["permit"]:
        register_token(token=token, source=options["source"], client=client)
        done += ", and adapters may transfer and approve it"
    return Answer({**_facts(token), "permitted": options["permit"]}, (f"{done}.",))


def show(options: dict[str, Any]) -> Answer:
    """The tokens that are known."""
    rows = Token.objects.filter(network__in=_networks(options["network"]))
    found = list(rows.select_related("network").order_by("network__slug", "symbol"))
    lines = [
        (one.network.slug, one.symbol, one.address or "native", str(one.decimals), _use(one))
        for one in found
    ]
    columns = ("Network", "Symbol", "Address", "Decimals", "In use")
    return Answer([_facts(one) for one in found], (table("Tokens", columns, lines),))


def _import(network: Network, listed: list[ListedToken], *, dry_run: bool) -> list[Outcome]:
    client = NetworkClient(network)
    return import_tokens(network=network, client=client, listed=listed, dry_run=dry_run)


def _read(path: Path) -> Any:
    try:
        return read_token_list(path.read_bytes())
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    except TokenListError as error:
        raise BadInput(f"{path}: {error}") from error


def _networks(slug: str) -> list[Network]:
    rows = Network.objects.filter(slug=slug) if slug else Network.objects.filter(enabled=True)
    if slug and not rows:
        known = ", ".join(Network.objects.values_list("slug", flat=True))
        raise BadInput(f"there is no network {slug}; known are {known or 'none'}")
    return list(rows)


def _imported(
    source: str, elsewhere: int, outcomes: list[tuple[Network, Outcome]], options: dict[str, Any]
) -> Answer:
    counts = Counter(one.verdict for _, one in outcomes)
    facts = {
        "list": source,
        "dry_run": options["dry_run"],
        **{verdict.value: counts[verdict] for verdict in Verdict},
        "on_other_networks": elsewhere,
        "refusals": list(_refusals(outcomes)),
    }
    done = "would be added" if options["dry_run"] else "added"
    sentence = (
        f"{source}: {counts[Verdict.ADDED]} {done}, {counts[Verdict.KNOWN]} known, "
        f"{counts[Verdict.REFUSED]} refused, {elsewhere} on networks that are not known here."
    )
    lines = [f"{one['place']} {one['symbol']}: {one['sentence']}" for one in facts["refusals"]]
    return Answer(facts, (sentence, *lines))


def _refusals(outcomes: list[tuple[Network, Outcome]]) -> Iterator[dict[str, str]]:
    for network, one in outcomes:
        if one.verdict is Verdict.REFUSED:
            yield {
                "place": one.listed.place,
                "network": network.slug,
                "symbol": one.listed.symbol,
                "address": one.listed.address,
                "sentence": one.sentence,
            }


def _facts(token: Token) -> dict[str, Any]:
    return {
        "network": token.network.slug,
        "symbol": token.symbol,
        "name": token.name,
        "address": token.address,
        "decimals": token.decimals,
        "enabled": token.enabled,
    }


def _use(token: Token) -> str:
    return "yes" if token.enabled else "no"
