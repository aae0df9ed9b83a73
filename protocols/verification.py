"""Whether the contract at an address is the one on record: its code, and what it leads to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from eth_typing import ChecksumAddress
from eth_utils.crypto import keccak

from protocols import rules
from protocols.deployments import DeploymentError
from wallets.addresses import ZERO_ADDRESS, parse_address
from wallets.chain.client import NetworkClient, hex_bytes, hex_int
from wallets.chain.errors import ChainError, RpcUnavailable, WrongChain
from wallets.chain.rpc import Request
from wallets.models import Network

log = structlog.get_logger(__name__)

# https://eips.ethereum.org/EIPS/eip-1967: keccak of these names, less one.
_SLOTS = tuple(
    hex(int.from_bytes(keccak(text=f"eip1967.proxy.{name}")) - 1)
    for name in ("implementation", "beacon")
)
# implementation() of a beacon
_ASK_BEACON = "0x5c60da1b"
_QUESTIONS = 1 + len(_SLOTS)


class ContractChanged(DeploymentError):
    """Another contract than the one on record; everything at its address was disabled."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands at an address. The zero address: it is no proxy, or asks no beacon."""

    code_hash: str
    implementation: ChecksumAddress = ZERO_ADDRESS
    beacon: ChecksumAddress = ZERO_ADDRESS


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a person has looked at and says is right; empty for what is on record."""

    code_hash: str = ""
    implementation: str = ""


NOTHING_VOUCHED = Vouched()


def prove_contract(
    *,
    network: Network,
    client: NetworkClient,
    address: ChecksumAddress,
    what: str,
    vouched: Vouched = NOTHING_VOUCHED,
) -> Standing:
    """What stands at an address, if it is the recorded or the vouched-for contract.

    Asks the chain, so never inside a database transaction. Where it has changed, everything at
    the address is disabled before ContractChanged is raised.
    """
    if client.network.pk != network.pk:
        raise ValueError(f"the client asks {client.network.name}, not {network.name}")
    found = look_at_contracts(client, [address])[address]
    if isinstance(found, ChainError):
        raise found
    judge(network=network, address=address, what=what, found=found, vouched=vouched)
    return found


def judge(
    *,
    network: Network,
    address: ChecksumAddress,
    what: str,
    found: Standing,
    vouched: Vouched = NOTHING_VOUCHED,
) -> None:
    """DeploymentError unless what was found may be used; ContractChanged where it was another."""
    if vouched.code_hash and vouched.code_hash == found.code_hash:
        rules.adopt_code(network=network, address=address, code_hash=found.code_hash)
    recorded = rules.recorded_code(network=network, address=address)
    codes = {vouched.code_hash} if vouched.code_hash else recorded
    if not found.code_hash and not codes:
        raise DeploymentError(
            f"there is no contract at {address} ({what}) on {network.name}; "
            "check address and network"
        )
    if others := codes - {found.code_hash}:
        now = f"its code is {found.code_hash}" if found.code_hash else "it has no code any more"
        _refuse(network, address, what, f"{now}, on record is {min(others)}")
    _judge_way(network, address, what, found, vouched.implementation)


def _judge_way(
    network: Network, address: ChecksumAddress, what: str, found: Standing, vouched: str
) -> None:
    way = (found.implementation, found.beacon)
    if vouched and vouched == found.implementation:
        rules.adopt_way(
            network=network, address=address, implementation=way[0], beacon=found.beacon
        )
        return
    known = {(vouched, "")} if vouched else rules.recorded_ways(network=network, address=address)
    if others := known - {way}:
        was, asked = min(others)
        beacon = f", asking {asked}" if asked not in ("", ZERO_ADDRESS) else ""
        now = f"it leads to {way[0]}" + (f", asking {way[1]}" if way[1] != ZERO_ADDRESS else "")
        _refuse(network, address, what, f"{now}; on record is {was}{beacon}")


def look_at_contracts(
    client: NetworkClient, addresses: Sequence[ChecksumAddress]
) -> dict[ChecksumAddress, Standing | ChainError]:
    """What stands at each address, asked in one batch; an error in the place of what is unknown.

    Two endpoints must agree where a network has two: one that lies or lags would disable
    everything. Beacons are asked in a second batch.
    """
    wanted = list(dict.fromkeys(addresses))
    requests: list[Request] = [
        ("eth_chainId", []),
        *(request for address in wanted for request in _questions(address)),
    ]
    chain_id, *answers = client.agree(requests)
    _require_chain(client.network, chain_id)
    found = {
        address: _standing(answers[place * _QUESTIONS : (place + 1) * _QUESTIONS])
        for place, address in enumerate(wanted)
    }
    return _with_beacons(client, found)


def _questions(address: ChecksumAddress) -> list[Request]:
    slots = [("eth_getStorageAt", [address, slot, "latest"]) for slot in _SLOTS]
    return [("eth_getCode", [address, "latest"]), *slots]


def _require_chain(network: Network, answer: Any) -> None:
    if isinstance(answer, ChainError):
        raise answer
    if (told := hex_int(answer)) != network.chain_id:
        raise WrongChain(f"the endpoint is of chain {told}, {network.name} is {network.chain_id}")


def _standing(answers: Sequence[Any]) -> Standing | ChainError:
    try:
        for answer in answers:
            if isinstance(answer, ChainError):
                return answer
        code = hex_bytes(answers[0])
        implementation, beacon = (_address_in(slot) for slot in answers[1:])
    except RpcUnavailable as error:
        return error
    return Standing(f"0x{keccak(code).hex()}" if code else "", implementation, beacon)


def _address_in(word: Any) -> ChecksumAddress:
    """The address in a 32-byte word, which some nodes shorten; RpcUnavailable for another word."""
    if (found := hex_int(word)) >= 1 << 160:
        raise RpcUnavailable(f"a proxy's slot holds {found:#x}, which is no address")
    return parse_address(f"0x{found:040x}")


def _with_beacons(
    client: NetworkClient, found: dict[ChecksumAddress, Standing | ChainError]
) -> dict[ChecksumAddress, Standing | ChainError]:
    proxies = [
        (address, one)
        for address, one in found.items()
        if isinstance(one, Standing) and _asks_beacon(one)
    ]
    if not proxies:
        return found
    asked: list[Request] = [
        ("eth_call", [{"to": one.beacon, "data": _ASK_BEACON}, "latest"]) for _, one in proxies
    ]
    told = zip(proxies, client.agree(asked), strict=True)
    return {**found, **{address: _through(one, answer) for (address, one), answer in told}}


def _asks_beacon(one: Standing) -> bool:
    """EIP-1967: the beacon is only used where the slot of the implementation is empty.

    Whoever deploys a proxy could otherwise hide its upgrades behind a beacon that nobody asks.
    """
    return one.beacon != ZERO_ADDRESS and one.implementation == ZERO_ADDRESS


def _through(one: Standing, answer: Any) -> Standing | ChainError:
    if isinstance(answer, ChainError):
        return answer
    try:
        return Standing(one.code_hash, _address_in(answer), one.beacon)
    except RpcUnavailable as error:
        return error


def _refuse(network: Network, address: str, what: str, reason: str) -> None:
    was_used = rules.distrust(network=network, address=address, reason=reason)
    told = log.error if was_used else log.warning
    told("contract_changed", network=network.slug, address=address, what=what, reason=reason)
    raise ContractChanged(
        f"{what} at {address} on {network.name} is disabled: {reason}; find out why, then "
        "vouch for it with `deployments enable` if it is to be trusted"
    )
