"""Published lists: what they say of our wallets, whatever their form."""

import io
import json
from typing import Any

import pytest

from analytics.campaigns.entitling import Entitled, entitle
from analytics.campaigns.lists import PublishedList, read_list
from analytics.campaigns.reading import Malformed
from analytics.models import Campaign, Claim, Eligibility
from protocols.claims.merkle import MerkleTree, number_balances
from tests.factories import CampaignFactory, WalletFactory, an_address
from wallets.models import Wallet
from wallets.transactions.operator import NotPossible

pytestmark = [pytest.mark.django_db, pytest.mark.db]
OTHER = an_address("somebody")


@pytest.fixture
def wallet(db: None) -> Wallet:
    return WalletFactory.create()


@pytest.fixture
def campaign(wallet: Wallet) -> Campaign:
    return CampaignFactory.create(claim_contract=an_address("distributor"))


def listed(said: str, decimals: int | None = None) -> PublishedList:
    own = dict(Wallet.objects.values_list("address", "pk"))
    return read_list(io.StringIO(said, newline=""), own=own, decimals=decimals)


def kept(campaign: Campaign, said: str, **how: Any) -> Entitled:
    return entitle(campaign=campaign, published=listed(said), source="the list", **how)


@pytest.mark.parametrize(
    "form",
    [
        "address,amount\n{other},5\n{wallet},7\n",
        "Amount,Wallet\n5,{other}\n7,{wallet}\n",
        '{{"{other}": "5", "{wallet}": 7}}',
        '[{{"address": "{wallet}", "amount": "7"}},\n {{"account": "{other}", "amount": 5}}]',
        '{{"{other}": {{"amount": "0x5"}}, "{wallet}": {{"amount": "0x07"}}}}',
    ],
)
def test_every_form_says_the_same(campaign: Campaign, wallet: Wallet, form: str) -> None:
    done = kept(campaign, form.format(other=OTHER, wallet=wallet.address.lower()))
    row = Eligibility.objects.get()
    assert (row.wallet, row.status, row.amount, row.source) == (wallet, "eligible", 7, "the list")
    assert (done.eligible, done.others) == (1, 1)


def test_whole_tokens_are_read_exactly(wallet: Wallet) -> None:
    said = f'{{"{wallet.address}": 1234567890123456789.000000000000000001}}'
    found = listed(said, decimals=18).ours[wallet.address]
    assert found.amount == 1234567890123456789000000000000000001


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{wallet},1.5", "line 3: the amount '1.5' is no whole number .* --tokens"),
        ("{wallet},-1", "line 3: the amount '-1'"),
        ("{wallet}", "line 3: it has 1 cells instead of 2"),
        ("0x12,1", "line 3: '0x12' is not an address"),
        ("{other},1\n{wallet},1\n{wallet},2", "line 5: .* is listed twice, first in line 4"),
    ],
)
def test_a_mistake_is_told_by_its_line(wallet: Wallet, line: str, reason: str) -> None:
    said = line.format(wallet=wallet.address, other=OTHER)
    with pytest.raises(Malformed, match=reason):
        listed(f"address,amount\n{OTHER},1\n{said}\n")


def test_who_is_missing_from_a_complete_list_is_not_eligible(
    campaign: Campaign, wallet: Wallet
) -> None:
    said = f"address,amount\n{OTHER},1\n"
    assert kept(campaign, said).not_eligible == 0
    assert kept(campaign, said, missing_not_eligible=True).not_eligible == 1
    assert Eligibility.objects.get().status == "not_eligible"


def merkle(wallet: Wallet, amount: int) -> dict[str, Any]:
    rows = number_balances({OTHER: 5, wallet.address: 7})
    tree = MerkleTree.of_leaves(one.leaf for one in rows)
    places = {
        one.account: {
            "index": one.index,
            "amount": hex(amount if one.account == wallet.address else one.amount),
            "proof": [f"0x{each.hex()}" for each in tree.proof(one.leaf)],
        }
        for one in rows
    }
    return {"merkleRoot": f"0x{tree.root.hex()}", "tokenTotal": "0xc", "claims": places}


def test_a_merkle_file_makes_claims_whose_proofs_were_checked(
    campaign: Campaign, wallet: Wallet
) -> None:
    said = json.dumps(merkle(wallet, 7))
    assert kept(campaign, said).claims == 1
    claim = Claim.objects.get()
    assert (claim.wallet, claim.amount, claim.contract) == (wallet, 7, campaign.claim_contract)
    assert claim.proof["amount"] == "7"
    assert kept(campaign, said).changed == 1  # the time it was read; the claim is as it was


def test_a_proof_that_does_not_lead_to_the_root_is_refused(
    campaign: Campaign, wallet: Wallet
) -> None:
    with pytest.raises(NotPossible, match="does not lead to the file's own root"):
        kept(campaign, json.dumps(merkle(wallet, 8)))
    assert not Claim.objects.exists()
    assert not Eligibility.objects.exists()
