"""`wallets verify` and `wallets rotate`: whether keys are where their references say."""

from collections import Counter
from typing import Any

from django.core.management.base import CommandParser
from django.db.models import QuerySet

from airdrops_site.answers import BadInput
from airdrops_site.people import shell_actor
from airdrops_site.wallets_cli.verbs import Options, Said, Verb, tell, wallet_of
from wallets.addresses import parse_address
from wallets.chain.client import NetworkClient
from wallets.chain.errors import ChainError
from wallets.labels import is_key_material
from wallets.models import Network, Wallet
from wallets.signers.references import parse_reference
from wallets.verification import ask_workers, rotate_key, verify_each

_EVERY = 25


def _verify(options: Options) -> Said:
    if bool(options["label"]) == options["all"]:
        raise BadInput("name one wallet, or say --all for those that are not verified")
    if options["label"]:
        return _verify_one(wallet_of(options["label"]))
    wallets = _open_ones()
    if options["workers"]:
        count = ask_workers(wallets, actor=shell_actor())
        return Said({"asked": count}, [f"the workers verify {count:,} wallets now"])
    return _verify_all(wallets)


def _verify_one(wallet: Wallet) -> Said:
    (outcome,) = verify_each(Wallet.objects.filter(pk=wallet.pk), actor=shell_actor())
    heard = [_heard(wallet, network) for network in Network.objects.filter(enabled=True)]
    fine = outcome.status == Wallet.Status.VERIFIED and not outcome.reason
    value = {
        "label": wallet.label,
        "status": outcome.status,
        "reason": outcome.reason,
        "networks": heard,
    }
    lines = [f"{wallet.label}: {outcome.status}" + (f": {outcome.reason}" if not fine else "")]
    lines += [f"{one['network']}: {one['said']}" for one in heard]
    return Said(value, lines, 0 if fine else 1)


def _verify_all(wallets: QuerySet[Wallet]) -> Said:
    total, counts, problems = wallets.count(), Counter[str](), []
    for number, outcome in enumerate(verify_each(wallets, actor=shell_actor()), 1):
        counts[outcome.status] += 1
        if outcome.reason:
            problems.append({"label": outcome.wallet.label, "reason": outcome.reason})
        if number % _EVERY == 0 or number == total:
            tell(f"{number:,} of {total:,}")
    lines = [f"{status}: {count:,}" for status, count in sorted(counts.items())]
    lines += [f"{one['label']}: {one['reason']}" for one in problems]
    return Said({**counts, "problems": problems}, lines, 1 if problems else 0)


def _open_ones() -> QuerySet[Wallet]:
    """Those with keys that are neither verified nor retired."""
    with_keys = Wallet.objects.exclude(signer_kind=Wallet.SignerKind.WATCH_ONLY)
    wanted = (Wallet.Status.UNVERIFIED, Wallet.Status.MISMATCHING)
    return with_keys.filter(status__in=wanted).order_by("pk")


def _heard(wallet: Wallet, network: Network) -> dict[str, Any]:
    """What the network's endpoints say of the address, or that none of them answers."""
    try:
        client = NetworkClient(network)
        nonce = int(client.read("eth_getTransactionCount", [wallet.address, "latest"]), 16)
        balance = client.balance(parse_address(wallet.address))
    except ChainError as error:
        return {"network": network.slug, "connected": False, "said": str(error)}
    return {
        "network": network.slug,
        "connected": True,
        "said": f"nonce {nonce}, {balance} wei",
        "nonce": nonce,
        "wei": str(balance),
    }


def _verify_arguments(parser: CommandParser) -> None:
    parser.add_argument("label", nargs="?", default="")
    parser.add_argument("--all", action="store_true", help="all with keys that are not verified")
    parser.add_argument(
        "--workers", action="store_true", help="with --all: have the workers do it, not this shell"
    )


def _rotate(options: Options) -> Said:
    wallet = wallet_of(options["label"])
    if is_key_material(options["reason"]):
        raise BadInput("the reason looks like a private key or a seed phrase; it would be kept")
    place = parse_reference(options["signer"], parse_address(wallet.address))
    rotate_key(wallet=wallet, reference=place, actor=shell_actor(), reason=options["reason"])
    sentence = f"{wallet.label} signs with {place} from now on; its address is the same"
    return Said({"label": wallet.label, "signer": str(place)}, [sentence])


def _rotate_arguments(parser: CommandParser) -> None:
    parser.add_argument("label")
    parser.add_argument("--signer", required=True, help="where the same key is, kind:reference")
    parser.add_argument("--reason", required=True, help="for the history")


VERBS = (
    Verb("verify", "keys sign a challenge; exit 1 if one does not", _verify_arguments, _verify),
    Verb("rotate", "let another reference to the same key sign", _rotate_arguments, _rotate),
)
