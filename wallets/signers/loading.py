"""The signers that this process has opened."""

from wallets.addresses import parse_address
from wallets.models import Wallet
from wallets.signers.environment import open_environment
from wallets.signers.interface import Signer, SignerError, WrongKey
from wallets.signers.keystore import open_keystore
from wallets.signers.kms import open_kms
from wallets.signers.mnemonic import open_mnemonic
from wallets.signers.process import become_signing_process, require_signing_process
from wallets.signers.web3signer import open_web3signer

__all__ = ["become_signing_process", "load_signer", "open_signer"]

_opened: dict[int, tuple[tuple[str, str, str], Signer]] = {}


def load_signer(wallet: Wallet) -> Signer:
    """The wallet's signer, opened once per process; SignerError when it cannot sign."""
    place = (wallet.signer_kind, wallet.signer_reference, wallet.address)
    known = _opened.get(wallet.pk)
    if known is None or known[0] != place:
        known = _opened[wallet.pk] = (place, open_signer(wallet))
    require_signing_process()
    return known[1]


def open_signer(wallet: Wallet) -> Signer:
    """The signer that the wallet's reference names, opened anew."""
    require_signing_process()
    address, reference = parse_address(wallet.address), wallet.signer_reference
    match wallet.signer_kind:
        case Wallet.SignerKind.KEYSTORE:
            return _local(wallet, open_keystore(reference), f"the keystore of {wallet.label} holds")
        case Wallet.SignerKind.ENVIRONMENT:
            return _local(
                wallet, open_environment(reference), f"the variable of {wallet.label} holds"
            )
        case Wallet.SignerKind.MNEMONIC:
            return _local(
                wallet, open_mnemonic(reference), f"the seed phrase of {wallet.label} gives"
            )
        case Wallet.SignerKind.WEB3SIGNER:
            return open_web3signer(reference, address)
        case Wallet.SignerKind.AWS_KMS:
            return open_kms(reference, address)
        case Wallet.SignerKind.WATCH_ONLY:
            raise SignerError(f"{wallet.label} is watch-only: it has no key here")
    raise SignerError(f"{wallet.signer_kind} is no kind of signer that this version knows")


def _local(wallet: Wallet, signer: Signer, holds: str) -> Signer:
    if signer.address != wallet.address:
        raise WrongKey(
            f"{holds} the key of {signer.address}, "
            f"not of {wallet.address}; nothing is signed with it"
        )
    return signer
