"""What came over a bridge: the run that sent it, by the transaction that its wait has found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analytics.models import ChainTransfer
from scheduling.models import Step


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The waits of runs by wallet and the hash that they found at the other end."""

    steps: Mapping[tuple[int, str], Step]

    @classmethod
    def read(cls, keys: Sequence[tuple[int, str]]) -> "Arrivals":
        """Those of these hashes, with one question."""
        rows = Step.objects.filter(
            kind=Step.Kind.WAIT, found__tx_hash__in=[one for _, one in keys]
        ).select_related("run__task__protocol")
        return cls({(row.run.wallet_id, row.found["tx_hash"]): row for row in rows if row.found})

    def step_of(self, transfer: ChainTransfer) -> int | None:
        """The wait that this transfer has ended."""
        step = self._step(transfer)
        return step.pk if step else None

    def protocol_of(self, transfer: ChainTransfer) -> str:
        """Whose bridge it was."""
        step = self._step(transfer)
        return step.run.task.protocol.slug if step else ""

    def _step(self, transfer: ChainTransfer) -> Step | None:
        if transfer.direction != ChainTransfer.Direction.IN:
            return None
        return self.steps.get((transfer.wallet_id, transfer.hash))
