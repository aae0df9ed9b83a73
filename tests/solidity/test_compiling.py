"""Published sources and our own compile to contracts that can be deployed."""

import pytest

from tests.solidity import compiled


def test_a_published_contract_compiles_once_and_is_kept() -> None:
    queue = "@scroll-tech/contracts/L2/predeploys/L2MessageQueue.sol"
    first = compiled(queue, "L2MessageQueue")
    assert first.creation_code
    assert first.constructor_types == ("address",)
    assert compiled(queue, "L2MessageQueue") == first


def test_a_contract_that_is_not_there_is_named() -> None:
    with pytest.raises(LookupError, match="has no contract Nothing"):
        compiled("@scroll-tech/contracts/L2/predeploys/L2MessageQueue.sol", "Nothing")
