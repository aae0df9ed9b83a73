"""The gates that need nothing but what floors 1 and 3 know."""

from scheduling.gates import guard
from scheduling.gates.breaker import BreakerGate
from scheduling.gates.gas import GasSpikeGate
from scheduling.gates.hours import HoursGate
from scheduling.gates.pause import PauseGate
from scheduling.gates.registry import register
from scheduling.gates.slippage import SlippageGate


def register_gates() -> None:
    """Register them, and have every signature ask."""
    for gate in (PauseGate(), BreakerGate(), HoursGate(), SlippageGate(), GasSpikeGate()):
        register(gate)
    guard.register()
