"""Which looks belong to which kind of start, in the order in which they are shown."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from airdrops_site.preflight import chains, database, keys, machine, mainnet
from airdrops_site.preflight.lines import Line, Look, lines_of

type Looks = Mapping[str, Look]


class Part(StrEnum):
    """Whose environment this is."""

    WEB = "web"
    WORKER = "worker"


EVERYWHERE: Looks = {
    "settings": machine.look_at_settings,
    "versions": machine.look_at_versions,
    "disk": machine.look_at_disk,
    "database": database.look_at_database,
    "clock": database.look_at_database_clock,
    "networks": chains.look_at_networks,
    "deployments": chains.look_at_deployments,
    "backups": database.look_at_backups,
    "contacts": machine.look_at_contacts,
}
OF_PART: Mapping[Part, Looks] = {
    Part.WEB: {"signing": machine.look_at_boundary},
    Part.WORKER: {
        "keys": keys.look_at_keys,
        "stop file": machine.look_at_stop_file,
        "alerts": machine.look_at_alert_channels,
        "backup passphrase": database.look_at_backup_passphrase,
    },
}
MAINNET: Looks = {
    "mainnet settings": mainnet.look_at_installation,
    "limits": mainnet.look_at_limits,
    "limits of wallets": mainnet.look_at_wallet_limits,
    "key kinds": mainnet.look_at_key_kinds,
    "endpoints": mainnet.look_at_endpoints,
    "mainnet deployments": mainnet.look_at_mainnet_deployments,
    "rehearsal": mainnet.look_at_rehearsal,
    "stop": mainnet.look_at_stop,
    "recovery": mainnet.look_at_recovery,
    "test alert": mainnet.look_at_test_alert,
}


def take_preflight(parts: Sequence[Part], *, for_mainnet: bool = False) -> list[Line]:
    """Look at everything that this kind of start relies on; nothing is changed."""
    looks = dict(EVERYWHERE)
    for part in parts:
        looks |= OF_PART[part]
    if for_mainnet:
        looks |= MAINNET
    return [line for name, look in looks.items() for line in lines_of(name, look)]
