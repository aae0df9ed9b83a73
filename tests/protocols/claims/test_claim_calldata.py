"""What a claim sends is, byte for byte, what viem encodes over the published ABI."""

from random import Random

from eth_utils.address import to_checksum_address

from protocols.claims.adapter import ABI
from tests.viem import MODULES, encode_all, wanted

PUBLISHED = MODULES / "@uniswap/merkle-distributor/build/MerkleDistributor.json"
SETS = 24
Entry = tuple[int, str, int, tuple[bytes, ...]]


def entries() -> list[Entry]:
    """Generated places in trees of up to a million rows."""
    random = Random(20)
    return [
        (
            random.randrange(2**20),
            to_checksum_address(random.randbytes(20)),
            random.randrange(1, 2**100),
            tuple(random.randbytes(32) for _ in range(random.randrange(21))),
        )
        for _ in range(SETS)
    ]


def test_a_claim_is_what_viem_encodes_and_is_read_back() -> None:
    asked = entries()
    ours = [ABI.function("claim").encode(*one) for one in asked]
    theirs = encode_all(
        [wanted(PUBLISHED, "claim", *one[:3], [f"0x{n.hex()}" for n in one[3]]) for one in asked]
    )
    assert ours == theirs
    for data, one in zip(theirs, asked, strict=True):
        decoded = ABI.decode_call(data)
        assert decoded is not None
        assert tuple(decoded.arguments.values()) == one
