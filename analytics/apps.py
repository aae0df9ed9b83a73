"""Floor 4: what it brought, what it cost, what is at risk."""

from django.apps import AppConfig
from django.db import connections


class AnalyticsConfig(AppConfig):
    """Campaigns, claims and the books."""

    name = "analytics"
    verbose_name = "Analytics"

    def ready(self) -> None:
        """Register what the pulse wakes, tell the gates our figures, and keep the trigger."""
        from django.db.models.signals import post_migrate

        from analytics import report_tasks, tasks
        from analytics.alerts import jobs as alerts
        from analytics.allocation import jobs as rebalances
        from analytics.figures import Figures
        from scheduling.gates import figures

        post_migrate.connect(_keep_triggers, sender=self, dispatch_uid="analytics.triggers")
        tasks.register_wakeups()
        rebalances.register_wakeups()
        report_tasks.register_wakeups()
        alerts.register_wakeups()
        figures.provide(Figures())


def _keep_triggers(using: str, **_facts: object) -> None:
    from analytics.rollups import triggers

    triggers.ensure(connections[using])
