"""Standing orders, their due times, and their execution."""

from scheduling.models.approvals import Approval
from scheduling.models.gates import AllowedHours, GateCount
from scheduling.models.pauses import Pause
from scheduling.models.plans import Plan, PlanLine
from scheduling.models.risks import Breaker, RiskLevel, RiskReading, RiskResponse
from scheduling.models.runs import Occurrence, Run, RunAllowance, Step
from scheduling.models.tasks import Task, TaskDependency, TaskWallet

__all__ = [
    "AllowedHours",
    "Approval",
    "Breaker",
    "GateCount",
    "Occurrence",
    "Pause",
    "Plan",
    "PlanLine",
    "RiskLevel",
    "RiskReading",
    "RiskResponse",
    "Run",
    "RunAllowance",
    "Step",
    "Task",
    "TaskDependency",
    "TaskWallet",
]
