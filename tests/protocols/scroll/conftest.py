"""The bridge, for the tests of its adapter."""

from tests.protocols.scroll.bridge import bridge, deployed_bridge, ends, traveller, twin
from tests.protocols.scroll.crossing import crosser

__all__ = ["bridge", "crosser", "deployed_bridge", "ends", "traveller", "twin"]
