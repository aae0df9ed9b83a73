"""Looking again whether registered contracts are still what they were: by hand and by workers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import QuerySet
from django.utils import timezone
from eth_typing import ChecksumAddress

from protocols.deployments import DeploymentError
from protocols.models import Deployment
from protocols.points import ContractPoint
from protocols.services import VERIFY_EVERY, require_no_doubt
from protocols.verification import ContractChanged, Standing, judge, look_at_contracts
from wallets import wakeups
from wallets.addresses import parse_address
from wallets.chain.client import NetworkClient
from wallets.chain.errors import ChainError
from wallets.models import Network
from wallets.transactions.points import reached

# A network that does not answer now is asked again then.
AGAIN_AFTER = timedelta(minutes=10)
WAKEUP = "deployments"


class Verdict(StrEnum):
    """What looking at a contract gave."""

    SAME = "same"
    FIRST_SEEN = "first_seen"
    CHANGED = "changed"
    NO_CONTRACT = "no_contract"
    UNKNOWN = "unknown"
    # Published as not to be used, so that nobody asks.
    DOUBTED = "doubted"

    @property
    def is_fine(self) -> bool:
        """Whether nothing is to be done about it."""
        return self in (Verdict.SAME, Verdict.FIRST_SEEN, Verdict.DOUBTED)


@dataclass(frozen=True, slots=True)
class Checked:
    """One deployment as it was looked at. `sentence` says what is wrong; empty for nothing."""

    deployment: Deployment
    verdict: Verdict
    sentence: str = ""


def check_deployments(rows: Iterable[Deployment]) -> Iterator[Checked]:
    """Look at these, network by network; each with its network and protocol read.

    What is seen for the first time is recorded, what has changed is disabled with all rules at
    its address. Nothing is enabled.
    """
    by_network: dict[int, list[Deployment]] = {}
    for row in rows:
        by_network.setdefault(row.network_id, []).append(row)
    for here in by_network.values():
        yield from check_network(here[0].network, here)


def check_network(network: Network, rows: Sequence[Deployment]) -> list[Checked]:
    """As `check_deployments`, of one network, in one batch."""
    asked = [row for row in rows if not _doubt(row)]
    addresses = [parse_address(row.address) for row in asked]
    found: Mapping[ChecksumAddress, Standing | ChainError] = {}
    try:
        if asked:
            found = look_at_contracts(NetworkClient(network), addresses)
    except ChainError as error:
        found = dict.fromkeys(addresses, error)
    return [_check(row, found.get(parse_address(row.address))) for row in rows]


def due_deployments() -> QuerySet[Deployment]:
    """Those the workers are to look at now."""
    rows = Deployment.objects.filter(look_at__lte=timezone.now(), network__enabled=True)
    return rows.select_related("network", "protocol").order_by("look_at", "pk")


def ask_workers(rows: QuerySet[Deployment]) -> int:
    """Have the workers look at these now; how many they are."""
    asked = list(rows.values_list("pk", "network_id"))
    count = Deployment.objects.filter(pk__in=[pk for pk, _ in asked]).update(look_at=timezone.now())
    for network_id in {network_id for _, network_id in asked}:
        wakeups.wake(WAKEUP, str(network_id))
    return count


def _doubt(row: Deployment) -> str:
    try:
        require_no_doubt(row)
    except DeploymentError as error:
        return str(error)
    return ""


def _check(row: Deployment, found: Standing | ChainError | None) -> Checked:
    if doubt := _doubt(row):
        _put_off(row, None)
        return Checked(row, Verdict.DOUBTED, doubt)
    if found is None or isinstance(found, ChainError):
        _put_off(row, timezone.now() + AGAIN_AFTER)
        return Checked(row, Verdict.UNKNOWN, f"nobody knows: {found}")
    was_seen = bool(row.code_hash)
    address = parse_address(row.address)
    try:
        judge(network=row.network, address=address, what=row.role, found=found)
    except ContractChanged as error:
        return Checked(row, Verdict.CHANGED, str(error))
    except DeploymentError as error:
        _put_off(row, None)
        return Checked(row, Verdict.NO_CONTRACT, str(error))
    reached(ContractPoint.JUDGED)
    _record(row, found)
    return Checked(row, Verdict.SAME if was_seen else Verdict.FIRST_SEEN)


def _put_off(row: Deployment, until: datetime | None) -> None:
    """The workers' next look; of what nobody asked them to look at there is none."""
    if row.look_at is not None:
        Deployment.objects.filter(pk=row.pk, look_at=row.look_at).update(look_at=until)


def _record(row: Deployment, found: Standing) -> None:
    """Unless something else was found or vouched for since the row was read."""
    now = timezone.now()
    same = Deployment.objects.filter(
        pk=row.pk,
        code_hash=row.code_hash,
        implementation=row.implementation,
        beacon=row.beacon,
        enabled=row.enabled,
        changed_at=row.changed_at,
    )
    same.update(
        code_hash=found.code_hash,
        implementation=found.implementation,
        beacon=found.beacon,
        verified_at=now,
        look_at=now + VERIFY_EVERY if row.enabled else None,
    )
