"""How the capital is spread beside how it should be."""

from analytics.reports.ask import Ask
from analytics.reports.document import Section


def allocation_section(_ask: Ask) -> Section:
    return Section("allocation", "Allocation")
