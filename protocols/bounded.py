"""Asking a chain for a page: no new question once its time is over."""

from collections.abc import Sequence
from typing import Any

from wallets.chain.client import NetworkClient
from wallets.chain.deadlines import Deadline
from wallets.chain.errors import RpcUnavailable
from wallets.chain.rpc import Request
from wallets.models import Network


class BoundedClient(NetworkClient):
    """Several of them may share a deadline; one question under way may outlast it."""

    def __init__(self, network: Network, deadline: Deadline) -> None:
        super().__init__(network)
        self._deadline = deadline

    def read_many(self, requests: Sequence[Request]) -> list[Any]:
        """As any client, while there is time."""
        if self._deadline.left == 0:
            raise RpcUnavailable(f"{self.network.name} is too slow for a page; ask at the shell")
        return super().read_many(requests)
