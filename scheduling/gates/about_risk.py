"""Which gates are about figures and risk, in the order in which they are asked."""

from scheduling.gates.losses import Budget, DayLoss
from scheduling.gates.registry import register as register_gate
from scheduling.gates.risk_level import RiskGate
from scheduling.gates.safety import HealthFactor, Swing
from scheduling.gates.shares import AssetShare, ProtocolShare

GATES = (RiskGate(), DayLoss(), Budget(), ProtocolShare(), AssetShare(), HealthFactor(), Swing())


def register() -> None:
    """Have them asked."""
    for gate in GATES:
        register_gate(gate)
