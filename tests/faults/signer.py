"""A remote signer that fails and lies by a seeded plan, as the proxies do."""

from collections import Counter
from dataclasses import dataclass, field

from eth_account.signers.local import LocalAccount

from tests.faults.draws import Dice
from tests.wallets import signer_server
from tests.wallets.rpc_servers import Raw
from tests.wallets.signer_server import Reply, SignerServer

FAULTS: dict[str, Reply] = {
    "signer_fails": signer_server.status(503),
    "signer_hangs_up": signer_server.hang_up,
    "signer_html": signer_server.html,
    "signer_wrong_key": signer_server.wrong_key,
    "signer_other_data": signer_server.other_data,
    "signer_high_s": signer_server.high_s,
}


@dataclass(slots=True)
class SignerPlan:
    """How often the signer does something else than sign as it should."""

    server: SignerServer
    dice: Dice
    chance: float = 0.0
    injected: Counter[str] = field(default_factory=Counter)

    def __call__(self, account: LocalAccount, data: bytes) -> Raw | None:
        random = self.dice.throw()
        if random.random() >= self.chance:
            return self._honest(account, data)
        fault = random.choice(list(FAULTS))
        self.injected[fault] += 1
        return FAULTS[fault](account, data)

    def _honest(self, account: LocalAccount, data: bytes) -> Raw:
        return Raw(signer_server.signature(account, data).encode())
