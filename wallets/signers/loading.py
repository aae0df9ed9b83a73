"""Which processes may hold keys, and the signers they have opened."""

from wallets.addresses import parse_address
from wallets.models import Wallet
from wallets.signers.interface import Signer, SignerError
from wallets.signers.keystore import open_keystore
from wallets.signers.web3signer import open_web3signer

_may_sign = False
_opened: dict[int, tuple[tuple[str, str], Signer]] = {}


def become_signing_process() -> None:
    """Called by workers before they fork and by commands that make keys; never by the web."""
    global _may_sign
    _may_sign = True


def load_signer(wallet: Wallet) -> Signer:
    """The wallet's signer, opened once per process; SignerError when it cannot sign."""
    if not _may_sign:
        raise SignerError("this process never signs; only workers hold keys")
    if wallet.signer_kind == Wallet.SignerKind.WATCH_ONLY:
        raise SignerError(f"{wallet.label} is watch-only: it has no key here")
    place = (wallet.signer_kind, wallet.signer_reference)
    known = _opened.get(wallet.pk)
    if known is None or known[0] != place:
        known = _opened[wallet.pk] = (place, _open(wallet))
    return known[1]


def _open(wallet: Wallet) -> Signer:
    match wallet.signer_kind:
        case Wallet.SignerKind.KEYSTORE:
            return _open_keystore(wallet)
        case Wallet.SignerKind.WEB3SIGNER:
            return open_web3signer(wallet.signer_reference, parse_address(wallet.address))
    raise SignerError(f"{wallet.signer_kind} is no kind of signer that this version knows")


def _open_keystore(wallet: Wallet) -> Signer:
    signer = open_keystore(wallet.signer_reference)
    if signer.address != wallet.address:
        raise SignerError(
            f"the keystore of {wallet.label} holds the key of {signer.address}, "
            f"not of {wallet.address}; nothing is signed with it"
        )
    return signer
