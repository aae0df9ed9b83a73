"""What keeps a wallet from being retired: what is under way, and what would be left behind."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from protocols.context import build_context
from protocols.models import Protocol
from protocols.registry import UNANSWERED, UnknownAction, get_adapter
from scheduling.models import PlanLine, Run, RunAllowance, Task
from scheduling.plan_states import OPEN_LINE, PlanState
from scheduling.plans.emptying import read_stand
from scheduling.states import UNFINISHED_RUN, RunState
from scheduling.under_way import under_way_of, waits
from wallets.amounts import show_amount
from wallets.chain.client import NetworkClient
from wallets.chain.errors import ChainError
from wallets.models import Allowance, Network, SignedRequest, Transaction, Wallet
from wallets.transactions.operator import NotPossible
from wallets.transactions.states import ENDED, RequestState


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that would be left behind; what blocks has to be acknowledged by its key."""

    key: str
    sentence: str
    blocks: bool = True


def pending(wallet: Wallet) -> list[str]:
    """What is under way with it: nobody can acknowledge that away."""
    return [
        *_transactions(wallet),
        *_runs(wallet),
        *_requests(wallet),
        *_lines(wallet),
    ]


def findings(wallet: Wallet) -> list[Finding]:
    """What an empty wallet would leave behind, asked of adapters and chains now."""
    found: list[Finding] = []
    for network in Network.objects.filter(enabled=True).order_by("chain_id"):
        found += _positions(wallet, network)
        found += _stranded_tokens(wallet, network)
    return [*found, *_allowances(wallet), *_payers(wallet)]


def _transactions(wallet: Wallet) -> Iterator[str]:
    rows = Transaction.objects.filter(lane__wallet=wallet).exclude(state__in=ENDED)
    for row in rows.order_by("pk")[:5]:
        yield f"transaction {row.pk} is {row.state}"


def _runs(wallet: Wallet) -> Iterator[str]:
    rows = Run.objects.filter(wallet=wallet, state__in=(*UNFINISHED_RUN, RunState.NEEDS_OPERATOR))
    for run in rows.order_by("pk")[:5]:
        sent = "".join(f": {one.what}" for one in under_way_of(run)) if waits(run) else ""
        yield f"run {run.pk} is {run.state}{sent}"
    for row in RunAllowance.objects.filter(run__wallet=wallet, look_at__isnull=False)[:5]:
        yield f"what run {row.run_id} left of an allowance is still looked after"


def _requests(wallet: Wallet) -> Iterator[str]:
    ended = (
        RequestState.REFUSED,
        RequestState.EXPIRED,
        RequestState.CANCELLED,
        RequestState.ACKNOWLEDGED,
        RequestState.REJECTED,
    )
    for row in SignedRequest.objects.filter(wallet=wallet).exclude(state__in=ended)[:5]:
        yield f"signed request {row.pk} is {row.state}"


def _lines(wallet: Wallet) -> Iterator[str]:
    """Plans that pay it or that it pays for."""
    involved = Q(wallet=wallet) | Q(recipient=wallet.address)
    rows = PlanLine.objects.filter(
        involved,
        state__in=OPEN_LINE,
        plan__state__in=(PlanState.APPROVED, PlanState.RUNNING),
    )
    for line in rows.order_by("pk")[:5]:
        yield f"{line} is {line.state}"


def _positions(wallet: Wallet, network: Network) -> Iterator[Finding]:
    for protocol in Protocol.objects.filter(networks=network).order_by("slug"):
        key = f"positions:{protocol.slug}@{network.slug}"
        try:
            adapter = get_adapter(protocol.slug)
            if adapter.positions is None:
                raise UnknownAction(f"the adapter of {protocol} reports no positions")
            context = build_context(
                network=network,
                wallet=wallet,
                protocol=protocol.slug,
                client=NetworkClient(network),
                now=timezone.now(),
            )
            for one in adapter.positions(context):
                yield Finding(key, f"{protocol} on {network.slug}: {one.what}")
        except UNANSWERED as error:
            yield Finding(key, f"what {protocol} holds on {network.slug} is unknown: {error}")


def _stranded_tokens(wallet: Wallet, network: Network) -> Iterator[Finding]:
    """Tokens that are known and not enabled: no policy lets them leave."""
    tokens = list(network.tokens.filter(enabled=False).exclude(address=""))
    if not tokens:
        return
    try:
        stand = read_stand(network, [wallet], tokens)
    except (ChainError, NotPossible):
        return  # that the network does not answer is told with its balances
    for token in tokens:
        amount = stand.of(wallet, token)
        key = f"token:{token.address}@{network.slug}"
        if amount is None:
            yield Finding(key, f"{token}, which is disabled, gives no number", blocks=False)
        elif amount > token.dust:
            shown = show_amount(amount, token.decimals, token.symbol)
            yield Finding(key, f"{shown} on {network.slug}, a token that is not enabled, stay")


def _allowances(wallet: Wallet) -> Iterator[Finding]:
    rows = Allowance.objects.filter(wallet=wallet, amount__gt=0)
    for row in rows.select_related("token__network").order_by("pk"):
        key = f"allowance:{row.pk}"
        yield Finding(
            key,
            f"{row.spender} may take {row.token.symbol} on {row.token.network.slug}; "
            f"`allowances revoke --wallet {wallet.label}` first",
        )


def _payers(wallet: Wallet) -> Iterator[Finding]:
    """Tasks that pay it: what they ask for would be refused from now on."""
    for task in Task.objects.filter(enabled=True).prefetch_related("task_wallets"):
        texts = [task.params, *(member.params for member in task.task_wallets.all())]
        if any(wallet.address in str(one) for one in texts):
            sentence = f"the task {task} names it; what it pays there will be refused"
            yield Finding(f"task:{task.pk}", sentence, blocks=False)
