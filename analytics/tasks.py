"""What the workers run on this floor."""


def register_wakeups() -> None:
    """Register this floor's wake-ups with the pulse."""
