"""The devnet's contracts are real: they trade, pay out once, and are known again."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from airdrops_site.devnet.anvil import Anvil, AnvilConfig
from airdrops_site.devnet.artifacts import UNISWAP_PAIR, load_artifact
from airdrops_site.devnet.deploy import Funding, deploy_devnet, require_deployed
from airdrops_site.devnet.errors import DevnetError
from airdrops_site.devnet.manifest import Manifest
from airdrops_site.devnet.outbox import mining_paused
from airdrops_site.devnet.ports import free_port
from airdrops_site.devnet.rpc import DevnetRpc
from airdrops_site.devnet.survey import MULTICALL3_ADDRESS
from protocols.claims.merkle import Entitlement, verify_proof
from tests.airdrops_site.devnet.conftest import WALLETS, Devnet, Side

ETHER = 10**18
FOREVER = 2**256 - 1
CLAIM = "claim(uint256,address,uint256,bytes32[])"
QUOTE = "getAmountsOut(uint256,address[])"
SWAP_IN = "swapExactETHForTokens(uint256,address[],address,uint256)"
SWAP_OUT = "swapExactTokensForETH(uint256,uint256,address[],address,uint256)"


@pytest.fixture(params=["l1", "l2"])
def side(devnet: Devnet, request: pytest.FixtureRequest) -> Side:
    chosen: Side = getattr(devnet, request.param)
    return chosen


def _path(side: Side, *symbols: str) -> list[str]:
    return [side.network.token(symbol).contract.address for symbol in symbols]


def _quote(side: Side, amount: int, path: list[str]) -> int:
    out: int = side.view(side.network.router.address, QUOTE, "uint256[]", amount, path)[-1]
    return out


@pytest.mark.parametrize("symbol", ["USDC", "GOV"])
def test_a_swap_for_tokens_pays_what_was_quoted(side: Side, symbol: str) -> None:
    path, owner = _path(side, "WETH", symbol), WALLETS[0]
    quoted, before = _quote(side, ETHER, path), side.balance_of(symbol, owner)
    router = side.network.router.address
    side.send(owner, router, SWAP_IN, quoted, path, owner, FOREVER, value=ETHER)
    assert side.balance_of(symbol, owner) - before == quoted > 0


def test_a_swap_of_tokens_for_the_coin_pays_what_was_quoted(side: Side) -> None:
    path, owner, router = _path(side, "USDC", "WETH"), WALLETS[0], side.network.router.address
    side.send(owner, path[0], "approve(address,uint256)", router, 2500 * 10**6)
    quoted = _quote(side, 2500 * 10**6, path)
    receipt = side.send(owner, router, SWAP_OUT, 2500 * 10**6, quoted, path, owner, FOREVER)
    assert int(receipt["status"], 16) == 1


def test_one_weth_costs_about_2500_usdc(side: Side) -> None:
    quoted = _quote(side, ETHER, _path(side, "WETH", "USDC"))
    assert 2480 * 10**6 < quoted < 2500 * 10**6


def test_the_router_was_built_for_the_published_pair_code(side: Side) -> None:
    init_code_hash = keccak(load_artifact(UNISWAP_PAIR).creation_code).hex()
    router = side.rpc.call("eth_getCode", side.network.router.address, "latest")
    assert init_code_hash in router


def test_every_wallet_is_funded_on_both_networks(side: Side) -> None:
    funding = Funding()
    coins = [int(side.rpc.call("eth_getBalance", owner, "latest"), 16) for owner in WALLETS]
    assert coins == [funding.native] * len(WALLETS)
    assert [side.balance_of("USDC", owner) for owner in WALLETS] == [funding.usdc] * len(WALLETS)


def test_the_tokens_on_chain_are_those_of_the_manifest(side: Side) -> None:
    for token in (side.network.weth, *side.network.tokens):
        address = token.contract.address
        assert side.view(address, "symbol()", "string") == token.symbol
        assert side.view(address, "decimals()", "uint8") == token.decimals


def test_the_code_hashes_are_those_on_chain(side: Side) -> None:
    contracts = [side.network.factory, side.network.router, side.network.multicall3]
    contracts += [pair.contract for pair in side.network.pairs]
    for contract in contracts:
        code = side.rpc.call("eth_getCode", contract.address, "latest")
        assert f"0x{keccak(hexstr=code).hex()}" == contract.code_hash


def test_multicall3_answers_at_its_usual_address(side: Side) -> None:
    number = side.view(MULTICALL3_ADDRESS, "getBlockNumber()", "uint256")
    assert 0 < number <= int(side.rpc.call("eth_blockNumber"), 16)


def test_only_multicall3_has_the_same_address_on_both_networks(devnet: Devnet) -> None:
    l1, l2 = (
        {n.factory.address, n.router.address, n.multicall3.address}
        | {token.contract.address for token in (n.weth, *n.tokens)}
        for n in devnet.manifest.networks
    )
    assert l1 & l2 == {MULTICALL3_ADDRESS}


def _claim(devnet: Devnet, account: str) -> dict[str, Any]:
    airdrop = devnet.manifest.airdrop
    claim = airdrop.claim_of(account)
    proof = [bytes.fromhex(sibling[2:]) for sibling in claim.proof]
    arguments = (claim.index, account, claim.amount, proof)
    return devnet.l2.send(account, airdrop.distributor.address, CLAIM, *arguments)


@pytest.mark.parametrize("account", WALLETS)
def test_a_claim_succeeds_once_and_reverts_the_second_time(devnet: Devnet, account: str) -> None:
    first, second = _claim(devnet, account), _claim(devnet, account)
    assert (first["status"], second["status"]) == ("0x1", "0x0")
    claimed = devnet.manifest.airdrop.claim_of(account).amount
    assert devnet.l2.balance_of("DROP", account) == claimed


def test_the_distributor_holds_exactly_what_it_owes(devnet: Devnet) -> None:
    airdrop = devnet.manifest.airdrop
    owed = sum(claim.amount for claim in airdrop.claims)
    assert devnet.l2.balance_of("DROP", airdrop.distributor.address) == owed


def test_the_airdrop_has_at_least_eight_accounts_with_amounts_of_their_own(devnet: Devnet) -> None:
    claims = devnet.manifest.airdrop.claims
    assert len({claim.account for claim in claims}) == len({c.amount for c in claims}) >= 8
    assert {claim.account for claim in claims} >= set(WALLETS)


def test_every_proof_in_the_manifest_leads_to_the_root_on_chain(devnet: Devnet) -> None:
    airdrop = devnet.manifest.airdrop
    root = devnet.l2.view(airdrop.distributor.address, "merkleRoot()", "bytes32")
    for claim in airdrop.claims:
        leaf = Entitlement(claim.index, claim.account, claim.amount).leaf
        proof = [bytes.fromhex(sibling[2:]) for sibling in claim.proof]
        assert verify_proof(root=root, leaf=leaf, proof=proof)


def test_the_manifest_comes_back_from_its_file(devnet: Devnet, tmp_path: Path) -> None:
    devnet.manifest.save(tmp_path / "devnet.json")
    assert Manifest.load(tmp_path / "devnet.json") == devnet.manifest


@pytest.mark.parametrize("content", [None, "", "{}", '{"l1": '])
def test_an_unreadable_manifest_offers_a_reset(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "devnet.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DevnetError, match=r"devnet\.json cannot be read .*quickstart --reset"):
        Manifest.load(path)


def test_the_chain_of_the_manifest_is_known_again(devnet: Devnet) -> None:
    require_deployed(devnet.manifest, *devnet.urls)


def test_a_chain_without_the_deployment_is_told(devnet: Devnet) -> None:
    older = replace(devnet.manifest.l2, block_hash=f"0x{'00' * 32}")
    manifest = replace(devnet.manifest, l2=older)
    with pytest.raises(DevnetError, match=r"is not the one .*quickstart --reset"):
        require_deployed(manifest, *devnet.urls)


def test_swapped_networks_are_refused(devnet: Devnet) -> None:
    url_l1, url_l2 = devnet.urls
    with pytest.raises(DevnetError, match="chain 31338 answers where devnet 31337 was expected"):
        deploy_devnet(url_l2, url_l1, wallets=WALLETS)


def test_nothing_is_sent_to_another_machine() -> None:
    with pytest.raises(DevnetError, match="is not on this machine"):
        deploy_devnet("http://192.0.2.1:8545", "http://192.0.2.1:8546", wallets=WALLETS)


def test_more_wallets_than_one_block_holds_are_all_funded(devnet: Devnet) -> None:
    crowd = [to_checksum_address(f"0x{number:040x}") for number in range(0xABC000, 0xABC0C8)]
    manifest = deploy_devnet(*devnet.urls, wallets=crowd)
    assert len(manifest.airdrop.claims) == len(crowd) + 1
    last = Side(devnet.l2.rpc, manifest.l2).balance_of("USDC", crowd[-1])
    assert last == Funding().usdc


def test_a_reverted_set_up_names_the_failing_call(devnet: Devnet) -> None:
    with pytest.raises(DevnetError, match=r"failed: transfer\(address,uint256\) .*was reverted"):
        deploy_devnet(*devnet.urls, wallets=WALLETS, funding=Funding(usdc=10**18))


@pytest.mark.parametrize("block_time", [None, 1.0], ids=["at once", "every second"])
def test_a_paused_chain_mines_only_when_told_and_then_as_before(
    tmp_path: Path, block_time: float | None
) -> None:
    log_file = tmp_path / "anvil.log"
    config = AnvilConfig(31337, free_port(), log_file=log_file, block_time=block_time)
    with Anvil.start(config) as anvil, DevnetRpc(anvil.url) as rpc:
        before = _mining(rpc)
        with mining_paused(rpc):
            block = rpc.call("eth_blockNumber")
            sender, receiver = rpc.call("eth_accounts")[:2]
            rpc.call("eth_sendTransaction", {"from": sender, "to": receiver, "value": "0x1"})
            time.sleep(1.5)
            assert rpc.call("eth_blockNumber") == block
        assert _mining(rpc) == before


def _mining(rpc: DevnetRpc) -> tuple[bool, int | None]:
    return rpc.call("anvil_getAutomine"), rpc.call("anvil_getIntervalMining")
