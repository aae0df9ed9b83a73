"""On a real chain: somebody else claims for a wallet of ours, and it is known to be claimed."""

import pytest

from analytics.books.told import book_told
from analytics.campaigns import summary
from analytics.campaigns.receiving import record_receipts
from analytics.chain_history.reading import Way
from analytics.chain_history.scanning import Wanted, final_block, scan
from analytics.models import ChainTransfer, Claim
from analytics.services import create_campaign, record_claimable
from tests.author import calldata
from tests.market import Market
from tests.protocols.operators import Operator
from wallets.chain.client import NetworkClient
from wallets.models import Token, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def claim_by_a_stranger(alice: Operator, market: Market) -> None:
    """The distributor pays whom the proof names, whoever asks it to."""
    drop = market.manifest.airdrop
    place = drop.claim_of(alice.address)
    proof = [bytes.fromhex(one.removeprefix("0x")) for one in place.proof]
    asked = "claim(uint256,address,uint256,bytes32[])"
    data = calldata(asked, place.index, alice.address, place.amount, proof)
    to = drop.distributor.address
    asking = {"from": alice.deployed.treasury, "to": to, "data": data, "gas": hex(300_000)}
    alice.rpc.call("eth_sendTransaction", asking)
    alice.rpc.call("anvil_mine", hex(6))


def read_chain(alice: Operator, first: int) -> None:
    alice.network.final_rule, alice.network.final_depth = "depth", 1
    alice.network.save()
    client = NetworkClient(alice.network)
    final = final_block(client).number
    wallets = list(Wallet.objects.all())
    scan(Wanted(wallets, first=first, last=final, way=Way.EVERY_BLOCK), client, final=final)
    book_told(ChainTransfer.objects.values_list("network", "hash"))


def test_a_claim_that_a_stranger_made_for_us_is_claimed_and_booked(
    alice: Operator, market: Market
) -> None:
    distributor = market.manifest.airdrop.distributor.address
    amount = market.manifest.airdrop.claim_of(alice.address).amount
    wallet = Wallet.objects.get(address=alice.address)
    token = Token.objects.get(network=alice.network, address=alice.token("DROP"))
    drop = create_campaign(slug="drop", name="Drop", token=token, claim_contract=distributor)
    record_claimable(
        campaign=drop,
        wallet=wallet,
        network=alice.network,
        contract=distributor,
        amount=amount,
        proof={},
    )
    first = int(alice.rpc.call("eth_blockNumber"), 16) + 1
    claim_by_a_stranger(alice, market)
    read_chain(alice, first)
    assert record_receipts().claims == 1
    claim = Claim.objects.get()
    assert (claim.status, claim.transaction) == ("claimed", None)
    (line,) = summary(campaign=drop).lines
    assert [(one.token, one.received, one.sold) for one in line.amounts] == [(token, amount, 0)]
