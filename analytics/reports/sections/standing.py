"""Where the wallets stand in a campaign's criteria."""

from analytics.reports.ask import Ask
from analytics.reports.document import Section


def standing_section(_ask: Ask) -> Section:
    return Section("standing", "Criteria")
