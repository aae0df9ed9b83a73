"""Floor 2: how an intention is said to a protocol."""

from django.apps import AppConfig


class ProtocolsConfig(AppConfig):
    """Adapters, the contract registry and deployments."""

    name = "protocols"
    verbose_name = "Protocols"

    def ready(self) -> None:
        """Register the start-up checks and the guard of every signature."""
        from protocols import checks as checks
        from protocols import guards

        guards.register()
