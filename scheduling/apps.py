"""Floor 3: what happens when, and may it."""

from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    """Tasks, occurrences, runs and the pulse that keeps them going."""

    name = "scheduling"
    verbose_name = "Scheduling"

    def ready(self) -> None:
        """Register what the pulse wakes on this floor, and what it asks at every signature."""
        from scheduling import tasks
        from scheduling.gates import registry
        from scheduling.gates.pause import PauseGate
        from scheduling.plans import guard

        guard.register()
        registry.register(PauseGate())

        tasks.register_wakeups()
