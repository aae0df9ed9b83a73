"""The roof: settings, console, health, metrics and the operator's commands."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """The project's own app, so that its commands and templates are found."""

    name = "airdrops_site"
    verbose_name = "Site"

    def ready(self) -> None:
        """Register the start-up checks and the upkeep, and tell the alerts what only we know."""
        from airdrops_site import alert_facts
        from airdrops_site import checks as checks
        from airdrops_site.upkeep.jobs import register_wakeups

        alert_facts.provide_all()
        register_wakeups()
