"""What `criteria evaluate`, `standing`, `attest` and `tasks` ask of the services below."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from airdrops_site.answers import Answer, BadInput, table
from airdrops_site.people import shell_actor
from airdrops_site.tx.known import require_wallet
from analytics.criteria.attesting import Stated, attest, read_statements
from analytics.criteria.evaluation import WalletStanding
from analytics.criteria.recording import evaluate_campaign
from analytics.criteria.standing import Standing, latest_evaluation, standing
from analytics.criteria.words import bounds, range_text
from analytics.models import Campaign
from wallets.models import Wallet

_COLUMNS = ("Wallet", "Status", "Points", "Tokens", "Met", "Missing", "Unknown", "Not read")


def evaluate(options: dict[str, Any]) -> Answer:
    """All wallets against the campaign's rule set."""
    campaign = _campaign(options["campaign"])
    count = Wallet.objects.count()
    sys.stderr.write(f"evaluating {count} wallets against {campaign.criteria or 'nothing'}\n")
    found, standings = evaluate_campaign(
        campaign=campaign,
        actor=shell_actor(),
        assume_complete=options["assume_complete"],
        dry_run=options["dry_run"],
    )
    unread = _unread(standings)
    facts = {
        "campaign": campaign.slug,
        "rule_set": found.rule_set,
        "version": found.version,
        "confidence": found.confidence,
        "wallets": found.wallets,
        "eligible": found.eligible,
        "unknown": found.unknown,
        "unread": unread,
        "done": not options["dry_run"],
    }
    would = "would be" if options["dry_run"] else "are"
    said = (
        f"by {found.rule_set} v{found.version} ({found.confidence}) {found.eligible} of "
        f"{found.wallets} wallets {would} eligible, {found.unknown} unknown"
    )
    missing = f"history is missing on: {', '.join(unread)}; what is there counts as at least"
    return Answer(facts, (said, missing) if unread else (said,))


def show_standing(options: dict[str, Any]) -> Answer:
    """Where each wallet stood at the newest evaluation."""
    require_wallet(options["wallet"])
    campaign = _campaign(options["campaign"])
    if latest_evaluation(campaign) is None:
        raise BadInput(
            f"{campaign.slug} was never evaluated; `criteria evaluate --campaign {campaign.slug}`"
        )
    chosen = options["wallet"] and Wallet.objects.filter(label=options["wallet"])
    only = [one.pk for one in chosen] if chosen else None
    found = standing(campaign=campaign, wallets=only)
    facts = [_facts(one) for one in found]
    return Answer(facts, (table("Standing", _COLUMNS, map(_line, found)),))


def attest_facts(options: dict[str, Any]) -> Answer:
    """One fact of a wallet or of all of them, or a file of facts."""
    stated = _from_file(options) if options["file"] else _typed(options)
    count = attest(stated, actor=shell_actor(), dry_run=options["dry_run"])
    would = "would be" if options["dry_run"] else "are"
    return Answer(
        {"attested": count, "done": not options["dry_run"]}, (f"{count} facts {would} attested",)
    )


def _from_file(options: dict[str, Any]) -> Iterable[Stated]:
    path = Path(options["file"])
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise BadInput(f"{path} cannot be read: {error}") from error
    return read_statements(text, str(path))


def _typed(options: dict[str, Any]) -> Iterable[Stated]:
    if not (options["wallet"] or options["all_wallets"]) or not options["fact"]:
        raise BadInput("give --file, or --fact with --wallet or --all-wallets")
    labels = [options["wallet"]]
    if options["all_wallets"]:
        labels = list(Wallet.objects.order_by("pk").values_list("label", flat=True))
    told = options["fact"], options["value"], options["source"]
    return [Stated(label, *told, "what was typed") for label in labels]


def campaign_of(slug: str) -> Campaign:
    """The one with this slug, or BadInput."""
    return _campaign(slug)


def _campaign(slug: str) -> Campaign:
    found = Campaign.objects.select_related("token").filter(slug=slug).first()
    if found is None:
        raise BadInput(f"there is no campaign {slug}")
    return found


def _unread(standings: Iterable[WalletStanding]) -> list[str]:
    return sorted({name for one in standings for name in one.unread})


def _facts(one: Standing) -> dict[str, Any]:
    return {
        "wallet": one.wallet.label,
        "address": one.wallet.address,
        "status": one.status,
        "points": _texts_of(one.points),
        "amount": _texts_of(one.amount),
        "unread": list(one.unread),
        "rules": list(one.rules),
    }


def _texts_of(found: tuple[Any, Any]) -> list[str | None] | None:
    low, high = found
    if low is None:
        return None
    return [bounds((low, low))[0], None if high is None else bounds((high, high))[0]]


def _line(one: Standing) -> tuple[str, ...]:
    met = [rule["met"] for rule in one.rules]
    return (
        one.wallet.label,
        one.status,
        range_text(*one.points),
        range_text(*one.amount),
        str(met.count(True)),
        str(met.count(False)),
        str(met.count(None)),
        ", ".join(one.unread),
    )
