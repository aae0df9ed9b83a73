"""Tasks whose runs need no chain until something is signed."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from scheduling.dispatch import dispatch_due
from scheduling.models import Run, Task
from scheduling.runs import advance_runs
from scheduling.services import create_task
from tests.factories import NetworkFactory, ProtocolFactory, WalletFactory
from wallets.models import Network, Transaction, Wallet
from wallets.transactions.operator import cancel_transaction


def a_task(network: Network, **fields: Any) -> Task:
    """A payment that is due now, once; not saved."""
    now = timezone.now()
    return Task(
        **{
            "name": f"task {Task.objects.count() + 1}",
            "protocol": ProtocolFactory.create(slug="errands"),
            "action": "pay",
            "network": network,
            "schedule": "once",
            "starts_at": now,
            **fields,
        }
    )


def payer(label: str = "payer") -> Wallet:
    """A verified wallet, whose key nobody asks for."""
    return WalletFactory.create(label=label, status="verified")


def paying(*wallets: Wallet, needs: tuple[Task, ...] = (), **fields: Any) -> Task:
    """A task that pays one wei from each of the wallets to the first."""
    network = Network.objects.first() or NetworkFactory.create()
    params = {"to": wallets[0].address, "amount": "1"}
    task = a_task(network, **{"params": params, **fields})
    return create_task(task=task, wallets={wallet: {} for wallet in wallets}, needs=needs)


def turn() -> None:
    """Dispatch what is due and give every run that is asleep its turn."""
    dispatch_due()
    Run.objects.exclude(wake_at=None).update(wake_at=timezone.now() - timedelta(seconds=1))
    advance_runs()


def run_of(task: Task) -> Run:
    """The latest run of the task."""
    return Run.objects.filter(task=task).select_related("task", "wallet", "occurrence")[0]


def cancel(run: Run) -> None:
    """A person cancels what the run has asked for; it fails."""
    row = Transaction.objects.get(step__run=run, state="queued")
    cancel_transaction(transaction_id=row.pk, actor="a person", reason="not now")
    advance_runs()


def succeed(run: Run) -> None:
    """As if its transaction had been confirmed and settled."""
    run.steps.update(state="settled", settlement={"movements": []})
    Run.objects.filter(pk=run.pk).update(state="succeeded", wake_at=None)
