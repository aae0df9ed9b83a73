"""How capital should be spread, how it is, and the tasks that bring the one to the other.

`latest()` is what others ask for: current and target of every enabled policy.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analytics.allocation.selectors import Line


def latest() -> "list[Line]":
    """Current and target lines of every enabled policy, as of its newest run."""
    # Models come from a package beside this one, whose states it imports from here.
    from analytics.allocation import selectors

    return selectors.latest()
