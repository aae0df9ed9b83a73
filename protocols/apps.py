"""Floor 2: how an intention is said to a protocol."""

from django.apps import AppConfig


class ProtocolsConfig(AppConfig):
    """Adapters, the contract registry and deployments."""

    name = "protocols"
    verbose_name = "Protocols"

    def ready(self) -> None:
        """Register the start-up checks, the guard of every signature, and errors of the ABIs."""
        from protocols import checks as checks
        from protocols import guards, tasks
        from protocols.selectors import deployed_contracts, known_errors
        from wallets import contracts
        from wallets.chain.reverts import register_errors

        guards.register()
        tasks.register_wakeups()
        contracts.register("protocols", deployed_contracts)
        register_errors("protocols", known_errors)
