"""What the books stand on."""

import pytest

from tests.analytics.told import Ground


@pytest.fixture
def ground(db: None) -> Ground:
    """A network, two wallets of ours and a run."""
    return Ground.lay()
