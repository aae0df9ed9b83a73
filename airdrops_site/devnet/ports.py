"""Ports of this machine that the devnet listens on; it is never open to the network."""

import socket

from airdrops_site.devnet.errors import DevnetError

HOST = "127.0.0.1"


def free_port() -> int:
    """Return a port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def require_free(port: int) -> None:
    """Raise a DevnetError if a program listens on the port."""
    with socket.socket() as probe:
        # As anvil does, so that connections still closing do not count as busy.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise DevnetError(
                f"Port {port} on {HOST} cannot be used for the devnet ({error.strerror}); stop the"
                " program that holds it, perhaps an earlier anvil, or choose another port."
            ) from error
