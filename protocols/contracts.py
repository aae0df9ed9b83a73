"""A contract as an action sees it: view functions to ask, calls to plan."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eth_typing import ChecksumAddress

from protocols.abi import Abi
from protocols.actions import Call, Context, PlanError
from protocols.codec import AbiError
from wallets.transactions.expectations import NOTHING_PROMISED, Expectations


@dataclass(frozen=True, slots=True)
class Contract:
    """An ABI at an address."""

    ctx: Context
    address: ChecksumAddress
    abi: Abi

    def read(self, name: str, *arguments: Any) -> Any:
        """What a view function returns (its one value); PlanError if it does not answer so."""
        (value,) = self.read_all(name, *arguments)
        return value

    def read_all(self, name: str, *arguments: Any) -> tuple[Any, ...]:
        """Every value a view function returns; PlanError if it does not answer so."""
        function = self.abi.function(name)
        data = function.encode(*arguments)
        answer = self.ctx.chain.call(self.address, data, sender=self.ctx.wallet)
        try:
            return function.decode_result(answer)
        except AbiError:
            raise PlanError(
                f"the contract at {self.address} on chain {self.ctx.chain_id} does not answer "
                f"{name} as {self.abi.name} should; check its address and network"
            ) from None

    def call(
        self,
        label: str,
        name: str,
        *arguments: Any,
        value: int = 0,
        valid_until: datetime | None = None,
        expectations: Expectations = NOTHING_PROMISED,
    ) -> Call:
        """A transaction to plan."""
        data = self.abi.function(name).encode(*arguments)
        return Call(label, self.address, data, value, valid_until, expectations)
