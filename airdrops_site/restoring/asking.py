"""Ask every network what it holds of our wallets and the backup does not, and take it in."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

import structlog
from django.utils import timezone

from airdrops_site.models import Restore
from airdrops_site.restoring.searching import Sent, TooFar, sent_since
from scheduling.restoring import hold_unclear, out_of_sight
from wallets.addresses import parse_address
from wallets.balances import take_snapshot
from wallets.chain.client import NetworkClient
from wallets.chain.errors import ChainError
from wallets.models import Network, NonceLane, Transaction, Wallet
from wallets.restoring.counting import Count, count_lanes, unknown_in_pools, used_among
from wallets.restoring.matching import Kind, Match, match_mined, taken_in
from wallets.restoring.venues import ask_unsent
from wallets.transactions.adoption import find_all_mined
from wallets.transactions.operator import NotPossible
from wallets.transactions.states import ON_CHAIN
from wallets.transactions.states import TransactionState as S
from wallets.transactions.watch import watch

# What is told of them is seconds old when they are taken in.
FOUND_AT_ONCE = 20
STANDS_STILL = timedelta(minutes=10)
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class NetworkAnswer:
    """What a network said; `open` are sentences that keep its lanes paused."""

    asked_at: str
    lanes: int = 0
    matches: list[dict[str, Any]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    doubts: dict[str, str] = field(default_factory=dict)  # lane id -> why it stays paused
    balances: str = ""
    # Nobody could say all of it: what the chain holds is not known.
    silent: bool = False


def ask_chain(restore: Restore, *, by: str, most_blocks: int | None = None) -> Restore:
    """Ask all networks that have lanes, and the venues; may be done again at any time.

    A network that is silent, or does not know yet, is named in the findings; others are done all
    the same. Nothing is signed and nothing is sent. Where more than `most_blocks` would have to be
    read one by one, a network is silent.
    """
    networks = dict(restore.findings.get("networks", {}))
    for network in Network.objects.filter(lanes__isnull=False).distinct():
        networks[network.slug] = asdict(_ask_or_name(restore, network, networks, by, most_blocks))
        restore.findings = {**restore.findings, "networks": networks}
        restore.save(update_fields=["findings"])
    requests = [asdict(one) for one in ask_unsent(actor=by)]
    held = set(restore.findings.get("runs_held", ()))
    unclear = _with_foreign(networks)
    before, hidden = restore.restored_at, _done_out_of_sight(restore)
    held |= set(hold_unclear(wallets=unclear, runs=hidden, before=before, besides=held, actor=by))
    restore.findings |= {"requests": requests, "runs_held": sorted(held)}
    restore.asked_at = timezone.now()
    if restore.state == Restore.State.PAUSED:
        restore.state = Restore.State.ASKED
    restore.save(update_fields=["findings", "asked_at", "state"])
    return restore


def _done_out_of_sight(restore: Restore) -> list[int]:
    """Runs whose steps to come are where no lane is and their wallet has sent something."""
    runs = out_of_sight(before=restore.restored_at)
    places = sorted({place for some in runs.values() for place in some})
    addresses = dict(
        Wallet.objects.filter(pk__in=[one for one, _ in places]).values_list("pk", "address")
    )
    used: set[tuple[int, int]] = set()
    for network in Network.objects.filter(pk__in={one for _, one in places}):
        mine = {addresses[wallet]: wallet for wallet, one in places if one == network.pk}
        used |= {(mine[address], network.pk) for address in used_among(network, list(mine))}
    return [pk for pk, some in runs.items() if used & some]


def _with_foreign(networks: dict[str, Any]) -> set[int]:
    """Wallets that did what nothing in the backup explains."""
    return {
        match["wallet"]
        for answer in networks.values()
        for match in answer["matches"]
        if match["kind"] in (Kind.FOREIGN, Kind.REPLACED)
    }


def _ask_or_name(
    restore: Restore, network: Network, before: dict[str, Any], by: str, most_blocks: int | None
) -> NetworkAnswer:
    known = before.get(network.slug, {}).get("matches", [])
    answer = NetworkAnswer(timezone.now().isoformat(), matches=list(known))
    remember(restore, network, answer)
    if not network.enabled:
        answer.silent = True
        answer.open.append(f"{network.name} is disabled: nobody can ask it")
        return answer
    try:
        _ask(restore, network, answer, by, most_blocks)
    except TooFar as error:
        answer.silent = True
        answer.open.append(str(error))
    except ChainError as error:
        answer.silent = True
        answer.open.append(f"{network.name} does not answer: {error}")
    return answer


def _ask(
    restore: Restore, network: Network, answer: NetworkAnswer, by: str, most_blocks: int | None
) -> None:
    client = NetworkClient(network)
    _watch(network, client)
    lanes = list(NonceLane.objects.filter(network=network).select_related("wallet", "network"))
    answer.lanes = len(lanes)
    head, counts = count_lanes(network, lanes)
    if reason := behind(network, client.block(head).at, timezone.now()):
        answer.open.append(reason)
    asked = [one for one in counts if one.unexplained() or one.has_no_beginning()]
    if asked:
        addresses = [parse_address(count.lane.wallet.address) for count in asked]
        sent = sent_since(client, addresses, restore.backup_made_at, head, most_blocks)
        _take_in(restore, asked, sent, client, answer, by)
        _watch(network, client)
    for count in counts:
        _look_again(count, client, answer)
    remember(restore, network, answer)
    answer.doubts = _doubts(answer)
    if not answer.open:
        NonceLane.objects.filter(network=network, baseline_nonce__isnull=False).update(
            installation_id=restore.installation
        )
    _read_balances(network, client, answer)


def behind(network: Network, newest: datetime, now: datetime) -> str:
    """Why the network's node cannot know what was done lately, or empty; devnets may stand still.

    It would count less than there is, and what was done would be signed once more.
    """
    patience = max(STANDS_STILL, timedelta(seconds=25 * network.block_seconds))
    if network.kind == Network.Kind.DEVNET or now - newest <= patience:
        return ""
    return (
        f"the newest block of {network.name} is of {newest:%Y-%m-%d %H:%M:%S} UTC: its node stands "
        "still, and does not know what was done since; see to it, or to this machine's clock"
    )


def _watch(network: Network, client: NetworkClient) -> None:
    """A whole pass, also at a block that was looked at before."""
    Network.objects.filter(pk=network.pk).update(watched_head="", watched_at=None)
    watch(network, client)


def _take_in(
    restore: Restore,
    counts: list[Count],
    sent: Sent,
    client: NetworkClient,
    answer: NetworkAnswer,
    by: str,
) -> None:
    reason = f"found after the restore of {restore.restored_at:%Y-%m-%d %H:%M} UTC"
    for count in counts:
        told = sent.get(count.lane.wallet.address, {})
        _begin_lane(count, told)
        hashes = [told[nonce] for nonce in count.unexplained() if nonce in told]
        for some in batched(hashes, FOUND_AT_ONCE):
            for found in find_all_mined(count.lane, some, client):
                if isinstance(found, NotPossible):
                    answer.open.append(str(found))
                    continue
                match = match_mined(
                    lane=count.lane, found=found, final=count.final, actor=by, reason=reason
                )
                _note(answer, count.lane, match)


def _begin_lane(count: Count, told: dict[int, str]) -> None:
    """A lane whose first turn the backup has not seen begins before what was sent since."""
    if told and count.has_no_beginning():
        count.lane.baseline_nonce = min(told)
        NonceLane.objects.filter(pk=count.lane.pk, baseline_nonce=None).update(
            baseline_nonce=count.lane.baseline_nonce
        )


def _note(answer: NetworkAnswer, lane: NonceLane, match: Match) -> None:
    line = {**asdict(match), "lane": lane.pk, "wallet": lane.wallet_id}
    answer.matches = [one for one in answer.matches if one["tx_hash"] != match.tx_hash]
    answer.matches.append(line | {"label": lane.wallet.label})
    log.info("restore_match", kind=match.kind.value, lane=lane.pk, nonce=match.nonce)


def remember(restore: Restore, network: Network, answer: NetworkAnswer) -> None:
    """What was taken in by who was killed before writing it here, or asks at the same time."""
    told = {one["tx_hash"] for one in answer.matches}
    for lane, match in taken_in(network, restore.restored_at):
        if match.tx_hash not in told:
            _note(answer, lane, match)


def _look_again(count: Count, client: NetworkClient, answer: NetworkAnswer) -> None:
    """What is still not explained, or not in a block and not ours, is waited for."""
    label = count.lane.wallet.label
    told = {one["nonce"]: one for one in answer.matches if one["lane"] == count.lane.pk}
    for nonce in count.unexplained():
        why = told.get(nonce, {}).get("sentence") or "nobody tells which transaction it is"
        answer.open.append(f"nonce {nonce} of {label} is mined: {why}")
    if reason := unknown_in_pools(count, client):
        answer.open.append(reason)


def _doubts(answer: NetworkAnswer) -> dict[str, str]:
    """Lanes in which an intent waits that resembles what was done after the backup.

    A call of the same function may be the same intention with a newer deadline.
    """
    foreign = [one["transaction"] for one in answer.matches if one["kind"] == Kind.FOREIGN]
    done = Transaction.objects.filter(pk__in=foreign, state__in=ON_CHAIN).exclude(selector="")
    calls = Counter(done.values_list("lane_id", "to", "selector"))
    doubts: dict[str, str] = {}
    waiting = Transaction.objects.filter(lane__in={lane for lane, _, _ in calls})
    for row in waiting.filter(state__in=(S.QUEUED, S.HELD)).order_by("pk"):
        if (row.lane_id, row.to, row.selector) in calls:
            doubts[str(row.lane_id)] = (
                f"transaction {row.pk} waits, and a call of the same function was made after the "
                "backup: cancel it if that was it, then resume the lane"
            )
    return doubts


def _read_balances(network: Network, client: NetworkClient, answer: NetworkAnswer) -> None:
    try:
        taken = take_snapshot(network=network, client=client)
        answer.balances = f"{taken.read} read, {taken.unknown} unknown"
    except ChainError as error:
        # What the backup knew grows old where everybody sees it.
        answer.balances = f"not read: {error}"
