"""Floor 4: what it brought, what it cost, what is at risk."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    """Campaigns, claims and the books."""

    name = "analytics"
    verbose_name = "Analytics"

    def ready(self) -> None:
        """Register what the pulse wakes on this floor."""
        from analytics import tasks

        tasks.register_wakeups()
