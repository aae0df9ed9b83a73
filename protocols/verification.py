"""Whether the code at an address is the one on record."""

from eth_typing import ChecksumAddress
from eth_utils.crypto import keccak

from protocols import rules
from protocols.deployments import DeploymentError
from wallets.chain.client import NetworkClient
from wallets.models import Network


def prove_code(
    *,
    network: Network,
    client: NetworkClient,
    address: ChecksumAddress,
    what: str,
    expected: str = "",
) -> str:
    """The hash of the code at an address, if it is the recorded or the vouched-for one.

    Asks the chain, so never inside a database transaction. Where the code has changed,
    everything at the address is disabled before DeploymentError is raised.
    """
    if client.network.pk != network.pk:
        raise ValueError(f"the client asks {client.network.name}, not {network.name}")
    code = client.code(address)
    if not code:
        raise DeploymentError(
            f"there is no contract at {address} ({what}) on {network.name}; "
            "check address and network"
        )
    found = f"0x{keccak(code).hex()}"
    if expected == found:
        rules.adopt_code(network=network, address=address, code_hash=found)
        return found
    wanted = {expected} if expected else rules.recorded_code(network=network, address=address)
    if others := wanted - {found}:
        _refuse(network, address, what, f"its code is {found}, on record is {min(others)}")
    return found


def _refuse(network: Network, address: str, what: str, reason: str) -> None:
    rules.distrust(network=network, address=address, reason=reason)
    raise DeploymentError(
        f"{what} at {address} on {network.name} is disabled: {reason}; find out why, then "
        "register it with the new hash if it is to be trusted"
    )
