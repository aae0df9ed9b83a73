"""Floor 1: who signs, on which chain, with what."""

from django.apps import AppConfig
from django.db import connections


class WalletsConfig(AppConfig):
    """Networks, wallets and the transaction pipeline."""

    name = "wallets"
    verbose_name = "Wallets & transactions"

    def ready(self) -> None:
        """Teach SQLite to add amounts exactly, keep triggers, register checks and wake-ups."""
        from django.db.backends.signals import connection_created
        from django.db.models.signals import post_migrate

        from wallets import checks as checks
        from wallets import tasks
        from wallets.amounts import install_sqlite_sum

        connection_created.connect(install_sqlite_sum, dispatch_uid="wallets.amounts")
        post_migrate.connect(_keep_triggers, sender=self, dispatch_uid="wallets.triggers")
        tasks.register_wakeups()


def _keep_triggers(using: str, **_facts: object) -> None:
    from wallets import triggers

    triggers.ensure(connections[using])
