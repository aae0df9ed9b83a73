"""What one turn of a lane is about."""

from dataclasses import dataclass

from wallets.chain.client import NetworkClient
from wallets.models import NonceLane
from wallets.transactions.look import Look


@dataclass(frozen=True, slots=True)
class Turn:
    """Who works on the lane, and what the chain said at the turn's start."""

    lane: NonceLane
    look: Look
    client: NetworkClient
