"""Floor 4: what it brought, what it cost, what is at risk."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    """Campaigns, claims and the books."""

    name = "analytics"
    verbose_name = "Analytics"

    def ready(self) -> None:
        """Register what the pulse wakes on this floor, and tell the gates its figures."""
        from analytics import report_tasks, tasks
        from analytics.allocation import jobs as rebalances
        from analytics.figures import Figures
        from scheduling.gates import figures

        tasks.register_wakeups()
        rebalances.register_wakeups()
        report_tasks.register_wakeups()
        figures.provide(Figures())
