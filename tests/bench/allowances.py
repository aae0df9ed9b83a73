"""A scan of allowances beside the plainest script, which asks for each on its own.

`python -m tests.bench.allowances`; part of `make bench`.
"""

import json
import os
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import cast

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from eth_typing import ChecksumAddress  # noqa: E402
from eth_utils.address import to_checksum_address  # noqa: E402
from web3 import Web3  # noqa: E402

from airdrops_site.devnet.anvil import Anvil, AnvilConfig  # noqa: E402
from airdrops_site.devnet.artifacts import (  # noqa: E402
    FIXED_SUPPLY_TOKEN,
    load_artifact,
    load_multicall3,
)
from airdrops_site.devnet.outbox import Outbox, encode_call  # noqa: E402
from airdrops_site.devnet.ports import free_port  # noqa: E402
from airdrops_site.devnet.rpc import DevnetRpc  # noqa: E402
from airdrops_site.devnet.survey import MULTICALL3_ADDRESS  # noqa: E402
from tests.bench.counting import counting_proxy  # noqa: E402
from tests.chains import ETHER, Chain, make_network  # noqa: E402
from tests.scratch import prepare  # noqa: E402
from wallets.allowance_scans import scan_allowances  # noqa: E402
from wallets.chain.client import NetworkClient  # noqa: E402
from wallets.models import (  # noqa: E402
    Allowance,
    Network,
    PolicyRule,
    RpcEndpoint,
    Token,
    Wallet,
)

WALLETS = int(os.environ.get("BENCH_ALLOWANCE_WALLETS", "1000"))
TOKENS, SPENDERS = 5, 4
# Every so many wallets have given something.
GIVERS = 20
Amounts = dict[tuple[str, str, str], int]


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything that is asked about."""

    network: Network
    owners: list[ChecksumAddress]
    tokens: list[ChecksumAddress]
    spenders: list[ChecksumAddress]


def main() -> None:
    """Both on one chain at one block, one after the other."""
    folder = prepare("bench-allowances")
    with ExitStack() as stack:
        anvil = stack.enter_context(
            Anvil.start(AnvilConfig(31337, free_port(), folder / "anvil.log"))
        )
        rpc = stack.enter_context(DevnetRpc(anvil.url))
        print(json.dumps(measure(Chain(anvil.url, rpc)), indent=2))  # noqa: T201


def measure(chain: Chain) -> dict[str, object]:
    """Seconds and HTTP requests of ours and of the plain script, and whether they agree."""
    _say(f"ground: {WALLETS} wallets, {TOKENS} tokens, {SPENDERS} spenders")
    ground = _make_ground(chain)
    with counting_proxy(chain.url) as (url, counts):
        RpcEndpoint.objects.update(url=url)
        _say("ours")
        our_seconds, ours = _ours(ground.network)
        our_requests = counts.requests
        _say(f"plain script ({our_seconds:.2f} s for ours)")
        plain_seconds, plain = _plain(url, ground)
        plain_requests = counts.requests - our_requests
    return {
        "allowances": WALLETS * TOKENS * SPENDERS,
        "not_zero": len(ours),
        "our_requests": our_requests,
        "plain_requests": plain_requests,
        "request_ratio": round(our_requests / plain_requests, 6),
        "our_seconds": round(our_seconds, 2),
        "plain_seconds": round(plain_seconds, 2),
        "time_ratio": round(our_seconds / plain_seconds, 4),
        "identical": ours == {key: amount for key, amount in plain.items() if amount},
    }


def _ours(network: Network) -> tuple[float, Amounts]:
    """The whole of it: asked, answered and written into the database."""
    started = time.monotonic()
    scan = scan_allowances(network=network, client=NetworkClient(network))
    seconds = time.monotonic() - started
    assert scan is not None
    assert (scan.asked, scan.unknown) == (WALLETS * TOKENS * SPENDERS, 0)
    names = ("wallet__address", "token__address", "spender", "amount")
    rows = Allowance.objects.filter(amount__gt=0).values_list(*names)
    return seconds, {(owner, token, spender): amount for owner, token, spender, amount in rows}


def _plain(url: str, ground: Ground) -> tuple[float, Amounts]:
    """web3.py, one call for each allowance, nothing written."""
    web3 = Web3(Web3.HTTPProvider(url))
    found: Amounts = {}
    started = time.monotonic()
    for token in ground.tokens:
        for spender in ground.spenders:
            for owner in ground.owners:
                data = encode_call("allowance(address,address)", owner, spender)
                answer = web3.eth.call({"to": token, "data": data})  # type: ignore[typeddict-item]
                found[owner, token, spender] = int.from_bytes(answer)
    return time.monotonic() - started, found


def _make_ground(chain: Chain) -> Ground:
    """Real ERC-20 contracts, real approves of some, and their rows."""
    network = make_network(chain, multicall_address=MULTICALL3_ADDRESS)
    code = chain.rpc.call("eth_call", {"data": f"0x{load_multicall3().creation_code.hex()}"})
    chain.rpc.call("anvil_setCode", MULTICALL3_ADDRESS, code)
    owners = [to_checksum_address(f"0x{number + 2**80:040x}") for number in range(WALLETS)]
    spenders = [to_checksum_address(f"0x{number + 2**90:040x}") for number in range(SPENDERS)]
    treasury = to_checksum_address(chain.rpc.call("eth_accounts")[0])
    outbox, artifact = Outbox.of(chain.rpc, treasury), load_artifact(FIXED_SUPPLY_TOKEN)
    tokens = [
        cast(
            "ChecksumAddress",
            outbox.deploy(f"T{n}", artifact, f"Token {n}", f"T{n}", 10**30, treasury),
        )
        for n in range(TOKENS)
    ]
    outbox.send()
    _write_rows(network, owners, tokens, spenders)
    ground = Ground(network, owners, tokens, spenders)
    _give(chain, ground)
    return ground


def _write_rows(
    network: Network,
    owners: list[ChecksumAddress],
    tokens: list[ChecksumAddress],
    spenders: list[ChecksumAddress],
) -> None:
    Token.objects.bulk_create(
        Token(network=network, address=address, symbol=f"T{n}") for n, address in enumerate(tokens)
    )
    Wallet.objects.bulk_create(
        Wallet(label=f"w{n}", address=owner, signer_kind="watch_only")
        for n, owner in enumerate(owners)
    )
    PolicyRule.objects.bulk_create(
        PolicyRule(
            network=network,
            address=spender,
            selector=PolicyRule.ALLOWANCE,
            signature=PolicyRule.ALLOWANCE,
            protocol="evm",
            source="the bench",
        )
        for spender in spenders
    )


def _give(chain: Chain, ground: Ground) -> None:
    """Approves of every 20th wallet, each another amount; every tenth of them unlimited."""
    number = 0
    for place, owner in enumerate(ground.owners[::GIVERS]):
        chain.fund(owner, ETHER)
        chain.rpc.call("anvil_impersonateAccount", owner)
        for token in ground.tokens:
            number += 1
            amount = 2**256 - 1 if number % 10 == 0 else number
            spender = ground.spenders[place % SPENDERS]
            data = encode_call("approve(address,uint256)", spender, amount)
            message = {"from": owner, "to": token, "data": data, "gas": hex(10**5)}
            chain.rpc.call("eth_sendTransaction", message)
    chain.mine()


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence} …\n")


if __name__ == "__main__":
    main()
