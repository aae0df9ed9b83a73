"""The roof: settings, console, health, metrics and the operator's commands."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """The project's own app, so that its commands and templates are found."""

    name = "airdrops_site"
    verbose_name = "Site"

    def ready(self) -> None:
        """Register the start-up checks, and the upkeep with the pulse."""
        from airdrops_site import checks as checks
        from airdrops_site.upkeep.jobs import register_wakeups

        register_wakeups()
