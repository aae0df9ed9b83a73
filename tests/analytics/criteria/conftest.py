"""The chains that made tasks run on."""

from tests.protocols.scroll.conftest import (
    bridge,
    crosser,
    deployed_bridge,
    ends,
    traveller,
    twin,
)
from tests.scheduling.conftest import trader

__all__ = ["bridge", "crosser", "deployed_bridge", "ends", "trader", "traveller", "twin"]
