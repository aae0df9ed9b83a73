"""What stops a quickstart."""


class QuickstartError(Exception):
    """One sentence: what is wrong and what to do; the command exits with 2."""
