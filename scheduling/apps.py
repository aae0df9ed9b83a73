"""Floor 3: what happens when, and may it."""

from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    """Tasks, occurrences, runs and the pulse that keeps them going."""

    name = "scheduling"
    verbose_name = "Scheduling"

    def ready(self) -> None:
        """Register what the pulse wakes on this floor, and what it asks at every signature."""
        from scheduling import tasks
        from scheduling.approvals import guard as approvals
        from scheduling.gates import about_risk
        from scheduling.gates.standard import register_gates
        from scheduling.plans import guard
        from scheduling.renaming import follow_wallet
        from wallets.renaming import register_follower

        guard.register()
        approvals.register()
        register_gates()
        about_risk.register()

        register_follower("scheduling", follow_wallet)
        tasks.register_wakeups()
