"""Each part, and what starting it anew means."""

from django.utils import timezone

from airdrops_site.answers import Answer
from airdrops_site.people import shell_actor
from airdrops_site.scripted import Options
from airdrops_site.tx.known import require_lane, require_network, require_protocol
from protocols.checking import check_deployments
from protocols.models import Deployment, Protocol
from scheduling.models import Breaker, Run
from scheduling.states import BreakerState, RunState
from wallets.models import Network
from wallets.restarting import restart_lane, restart_watcher, restart_workers
from wallets.wakeups import request

Said = tuple[Answer, int]


def lane(options: Options) -> Answer:
    """One wallet on one network."""
    row = require_lane(options["wallet"], options["network"])
    said = {"actor": shell_actor(), "reason": options["reason"], "resume": options["resume"]}
    restart_lane(lane=row, **said)
    row.refresh_from_db()
    paused = f"; it is paused still: {row.pause_reason}" if row.paused else ""
    told = f"{row} is looked at anew; all other lanes go on{paused}"
    return Answer({"lane": str(row), "paused": row.paused}, (told,))


def watcher(options: Options) -> Answer:
    """Receipts of one network."""
    require_network(options["network"])
    network = Network.objects.get(slug=options["network"])
    restart_watcher(network=network, actor=shell_actor(), reason=options["reason"])
    return Answer({"network": network.slug}, (f"{network.slug} is watched anew",))


def worker(options: Options) -> Answer:
    """A cluster, or all of them."""
    rows = restart_workers(named=options["cluster"], actor=shell_actor(), reason=options["reason"])
    named = ", ".join(map(str, rows))
    told = (
        f"{named}: ends within seconds, the jobs in hand are finished; whoever supervises it "
        "(quickstart, systemd) starts a new one"
    )
    return Answer({"clusters": [str(row) for row in rows]}, (told,))


def protocol(options: Options) -> Said:
    """Contracts of one are looked at again, and its held runs too; exit 1 if one is not fine."""
    slug = options["protocol"]
    require_protocol(slug)
    row = Protocol.objects.get(slug=slug)
    contracts = Deployment.objects.filter(protocol=row, enabled=True)
    found = list(check_deployments(contracts.select_related("network", "protocol")))
    wrong = [one.sentence for one in found if not one.verdict.is_fine]
    woken = _wake_held(row)
    lines = [f"{slug}: {len(found)} contracts looked at, {len(wrong)} not as registered", *wrong]
    lines += [f"{woken} held runs are looked at again", *_breaker(row)]
    facts = {"protocol": slug, "checked": len(found), "wrong": wrong, "woken": woken}
    return Answer(facts, tuple(lines)), int(bool(wrong))


def _wake_held(row: Protocol) -> int:
    held = Run.objects.filter(task__protocol=row, state=RunState.HELD)
    woken = held.update(wake_at=timezone.now())
    if woken:
        request("advance")
    return woken


def _breaker(row: Protocol) -> list[str]:
    """A breaker that opened is a person's to try."""
    found = Breaker.objects.filter(protocol=row).exclude(state=BreakerState.CLOSED).first()
    if found is None:
        return []
    return [f"its breaker is {found.state}: {found.reason}; `breaker try {row.slug}` lets it try"]
