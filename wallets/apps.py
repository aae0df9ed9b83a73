"""Floor 1: who signs, on which chain, with what."""

from django.apps import AppConfig


class WalletsConfig(AppConfig):
    """Networks, wallets and the transaction pipeline."""

    name = "wallets"
    verbose_name = "Wallets & transactions"

    def ready(self) -> None:
        """Teach SQLite to add amounts exactly, and register checks and wake-ups."""
        from django.db.backends.signals import connection_created

        from wallets import checks as checks
        from wallets import tasks
        from wallets.amounts import install_sqlite_sum

        connection_created.connect(install_sqlite_sum, dispatch_uid="wallets.amounts")
        tasks.register_wakeups()
