"""Wallets, tokens and recipients by what was typed."""

from airdrops_site.answers import BadInput
from scheduling.models import Plan
from scheduling.plans.emptying import coin_of
from wallets.addresses import AddressError, parse_address
from wallets.amounts import AmountError, to_base_units
from wallets.models import AddressBookEntry, Network, Token, Wallet


def plan_of(number: int) -> Plan:
    """The plan of this number."""
    rows = Plan.objects.select_related("created_by", "approved_by")
    plan = rows.filter(pk=number).first()
    if plan is None:
        raise BadInput(f"there is no plan {number}; `plans list` shows them")
    return plan


def wallet_of(label: str) -> Wallet:
    """The wallet of this label."""
    row = Wallet.objects.filter(label=label).first()
    if row is None:
        raise BadInput(f"there is no wallet {label!r}; `wallets list` shows them")
    return row


def wallets_of(labels: list[str], tag: str) -> list[Wallet]:
    """Those of the labels and of the tag, each once; BadInput where there are none."""
    named = [wallet_of(label) for label in labels]
    tagged = list(Wallet.objects.filter(tags__name=tag).order_by("label")) if tag else []
    if tag and not tagged:
        raise BadInput(f"no wallet has the tag {tag!r}; `wallets list --tag {tag}` shows them")
    found = list(dict.fromkeys([*named, *tagged]))
    if not found:
        raise BadInput("say which wallets: their labels, or --tag")
    return found


def network_of(slug: str) -> Network:
    """The network of this slug."""
    row = Network.objects.filter(slug=slug).first()
    if row is None:
        known = ", ".join(Network.objects.values_list("slug", flat=True))
        raise BadInput(f"there is no network {slug}; known are {known or 'none'}")
    return row


def token_of(network: Network, name: str) -> Token:
    """The token of this symbol or address, or the coin for `native`; one that is ambiguous is not
    guessed.
    """
    if name in ("", "native"):
        return coin_of(network)
    enabled = Token.objects.filter(network=network, enabled=True)
    if name.startswith("0x"):
        rows = list(enabled.filter(address=_address(name)))
    else:
        rows = list(enabled.filter(symbol__iexact=name))
    if len(rows) > 1:
        raise BadInput(f"{len(rows)} tokens on {network.slug} are called {name}; write the address")
    if not rows:
        raise BadInput(f"there is no enabled token {name} on {network.slug}; `tokens list`")
    return rows[0]


def recipient_of(name: str, network: Network | None) -> str:
    """An address by the label of a wallet or of an address book entry, or as it is.

    A label that both have cannot be: the book refuses it.
    """
    if name.startswith("0x"):
        return _address(name)
    wallet = Wallet.objects.filter(label=name).first()
    entries = AddressBookEntry.objects.filter(label=name, status="confirmed")
    entry = next((one for one in entries if one.network_id in (None, _pk(network))), None)
    if wallet is not None and entry is not None:
        raise BadInput(f"{name!r} is a wallet and stands in the address book; write the address")
    if wallet is None and entry is None:
        raise BadInput(f"{name!r} is no wallet and not confirmed in the address book")
    return wallet.address if wallet is not None else entry.address if entry else ""


def units_of(text: str, token: Token) -> int:
    """An amount as a person writes it."""
    try:
        amount = to_base_units(text, token.decimals)
    except AmountError as error:
        raise BadInput(str(error)) from error
    if not amount:
        raise BadInput(f"{text} is nothing; write an amount above zero")
    return amount


def _pk(network: Network | None) -> int | None:
    return network.pk if network else None


def _address(text: str) -> str:
    try:
        return parse_address(text)
    except AddressError as error:
        raise BadInput(str(error)) from error
