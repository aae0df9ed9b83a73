"""The bridge, for the tests of its adapter."""

from tests.protocols.scroll.bridge import bridge, deployed_bridge, ends, traveller, twin

__all__ = ["bridge", "deployed_bridge", "ends", "traveller", "twin"]
