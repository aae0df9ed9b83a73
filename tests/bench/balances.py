"""A snapshot of many balances beside the plainest script, which asks for each on its own.

`python -m tests.bench.balances`; part of `make bench`.
"""

import json
import os
import sys
import time
from contextlib import ExitStack
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
from airdrops_site.devnet.outbox import Outbox  # noqa: E402
from airdrops_site.devnet.ports import free_port  # noqa: E402
from airdrops_site.devnet.rpc import DevnetRpc  # noqa: E402
from airdrops_site.devnet.survey import MULTICALL3_ADDRESS  # noqa: E402
from tests.bench.counting import counting_proxy  # noqa: E402
from tests.chains import Chain, make_network  # noqa: E402
from tests.scratch import prepare  # noqa: E402
from wallets.balances import take_snapshot  # noqa: E402
from wallets.chain.client import NetworkClient  # noqa: E402
from wallets.models import Balance, Network, RpcEndpoint, Token, Wallet  # noqa: E402

WALLETS = int(os.environ.get("BENCH_BALANCE_WALLETS", "1000"))
TOKENS = 10
# Every so many wallets hold a token, so that numbers differ and making them takes no minutes.
HOLDERS = 20
Amounts = dict[tuple[str, str], int | None]


def main() -> None:
    """Both on one chain at one block, one after the other."""
    folder = prepare("bench-balances")
    with ExitStack() as stack:
        anvil = stack.enter_context(
            Anvil.start(AnvilConfig(31337, free_port(), folder / "anvil.log"))
        )
        rpc = stack.enter_context(DevnetRpc(anvil.url))
        print(json.dumps(measure(Chain(anvil.url, rpc)), indent=2))  # noqa: T201


def measure(chain: Chain) -> dict[str, object]:
    """Seconds and HTTP requests of ours and of the plain script, and whether they agree."""
    _say(f"ground: {WALLETS} wallets, {TOKENS} tokens")
    network = make_network(chain, multicall_address=MULTICALL3_ADDRESS)
    owners = [to_checksum_address(f"0x{number + 2**80:040x}") for number in range(WALLETS)]
    tokens = _make_tokens(chain, network, owners)
    with counting_proxy(chain.url) as (url, counts):
        RpcEndpoint.objects.update(url=url)
        _say("ours")
        our_seconds, ours = _ours(network)
        our_requests = counts.requests
        _say(f"plain script ({our_seconds:.2f} s for ours)")
        plain_seconds, plain = _plain(url, owners, tokens)
        plain_requests = counts.requests - our_requests
    return {
        "balances": len(ours),
        "not_zero": sum(bool(amount) for amount in ours.values()),
        "our_requests": our_requests,
        "plain_requests": plain_requests,
        "our_seconds": round(our_seconds, 2),
        "plain_seconds": round(plain_seconds, 2),
        "time_ratio": round(our_seconds / plain_seconds, 4),
        "identical": ours == plain,
    }


def _ours(network: Network) -> tuple[float, Amounts]:
    """The whole of it: asked, answered and written into the database."""
    started = time.monotonic()
    take_snapshot(network=network, client=NetworkClient(network))
    seconds = time.monotonic() - started
    rows = Balance.objects.values_list("wallet__address", "token__address", "amount")
    return seconds, {(wallet, token): amount for wallet, token, amount in rows}


def _plain(url: str, owners: list[ChecksumAddress], tokens: list[str]) -> tuple[float, Amounts]:
    """web3.py, one call for each balance, nothing written."""
    web3 = Web3(Web3.HTTPProvider(url))
    found: Amounts = {}
    started = time.monotonic()
    for token in tokens:
        for owner in owners:
            found[owner, token] = _plain_balance(web3, owner, token)
    return time.monotonic() - started, found


def _plain_balance(web3: Web3, owner: ChecksumAddress, token: str) -> int:
    if not token:
        return int(web3.eth.get_balance(owner))
    data = "0x70a08231" + owner[2:].lower().rjust(64, "0")
    answer = web3.eth.call({"to": cast("ChecksumAddress", token), "data": data})  # type: ignore[typeddict-item]
    return int.from_bytes(answer)


def _make_tokens(chain: Chain, network: Network, owners: list[ChecksumAddress]) -> list[str]:
    """Real ERC-20 contracts with real transfers, and their rows; the native coin is there."""
    code = chain.rpc.call("eth_call", {"data": f"0x{load_multicall3().creation_code.hex()}"})
    chain.rpc.call("anvil_setCode", MULTICALL3_ADDRESS, code)
    treasury = to_checksum_address(chain.rpc.call("eth_accounts")[0])
    outbox, artifact = Outbox.of(chain.rpc, treasury), load_artifact(FIXED_SUPPLY_TOKEN)
    addresses = [
        outbox.deploy(f"T{n}", artifact, f"Token {n}", f"T{n}", 10**30, treasury)
        for n in range(TOKENS - 1)
    ]
    for n, address in enumerate(addresses):
        for place, owner in enumerate(owners[n::HOLDERS]):
            outbox.call(address, "transfer(address,uint256)", owner, 10**18 + n * 10**6 + place)
    outbox.send()
    for place, owner in enumerate(owners[::2]):
        chain.fund(owner, 10**18 + place)
    Token.objects.bulk_create(
        Token(network=network, address=address, symbol=f"T{n}")
        for n, address in enumerate(addresses)
    )
    Wallet.objects.bulk_create(
        Wallet(label=f"w{n}", address=owner, signer_kind="watch_only")
        for n, owner in enumerate(owners)
    )
    return ["", *addresses]


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence} …\n")


if __name__ == "__main__":
    main()
