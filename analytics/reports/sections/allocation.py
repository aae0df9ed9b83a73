"""How the capital is spread beside how it should be."""

from analytics.allocation.selectors import Line, latest
from analytics.reports.ask import TOLD, Ask
from analytics.reports.document import USD, Section, Table
from analytics.reports.numbers import cents
from scheduling.gates.figures import percent

UNKNOWN = "unknown"
COLUMNS = (
    "Policy",
    "Part",
    f"Has {USD}",
    "Has",
    f"Should have {USD}",
    "Should have",
    "As of (UTC)",
)


def allocation_section(_ask: Ask) -> Section:
    """As it was last worked out, of each policy that counts."""
    lines = latest()
    told = [line for line in lines if not line.problem]
    rows = tuple(_row(line) for line in told[:TOLD])
    problems = tuple(f"{line.policy}: {line.problem}" for line in lines if line.problem)
    tables = (
        (Table("lines", "Current and target", COLUMNS, rows, len(told[TOLD:])),) if rows else ()
    )
    return Section("allocation", "Allocation", tables=tables, notes=problems)


def _row(line: Line) -> tuple[str, ...]:
    has = (_cents(line.current_cents), _share(line.current_bps))
    wanted = (_cents(line.target_cents), _share(line.target_bps))
    return (line.policy, line.bucket, *has, *wanted, f"{line.at:%Y-%m-%d %H:%M}")


def _cents(found: int | None) -> str:
    return UNKNOWN if found is None else cents(found)


def _share(found: int | None) -> str:
    return UNKNOWN if found is None else percent(found)
