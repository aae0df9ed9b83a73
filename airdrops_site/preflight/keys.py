"""Whether keys can be opened: in a worker's environment only."""

from collections.abc import Iterator

from eth_account import Account
from eth_account.messages import encode_defunct

from airdrops_site.preflight.lines import Line, failed, ok, unknown, warning
from wallets.models import Wallet
from wallets.signers.environment import take_keys
from wallets.signers.interface import SignerError, WrongKey
from wallets.signers.loading import become_signing_process, open_signer

_TEXT = "airdrops preflight"


def look_at_keys() -> Iterator[Line]:
    """One key of each place signs a text; each wallet's own was asked when it was verified.

    A keystore takes about a second and 256 MB to open: all of them would take too long.
    """
    become_signing_process()
    take_keys()
    with_keys = Wallet.objects.exclude(signer_kind=Wallet.SignerKind.WATCH_ONLY)
    verified = with_keys.filter(status=Wallet.Status.VERIFIED)
    kinds = sorted(verified.order_by().values_list("signer_kind", flat=True).distinct())
    for kind in kinds:
        yield _key_line(verified.filter(signer_kind=kind).order_by("pk")[0])
    if not kinds:
        yield warning("keys", "there is no verified wallet with a key")
    if bad := with_keys.filter(status=Wallet.Status.MISMATCHING).count():
        told = f"the keys of {bad} wallets are another address's"
        yield failed("keys", f"{told}; see `manage.py wallets list --status mismatching`")


def _key_line(wallet: Wallet) -> Line:
    place = wallet.get_signer_kind_display()
    try:
        signature = open_signer(wallet).sign_challenge(_TEXT)
    except WrongKey as error:
        return failed("keys", str(error))
    except SignerError as error:
        is_remote = wallet.signer_kind in (Wallet.SignerKind.WEB3SIGNER, Wallet.SignerKind.AWS_KMS)
        return (unknown if is_remote else failed)("keys", f"{place} ({wallet.label}): {error}")
    found = Account.recover_message(encode_defunct(text=_TEXT), signature=signature)
    if found != wallet.address:
        return failed("keys", f"the signature of {wallet.label} is another address's")
    return ok("keys", f"{place}: {wallet.label} signs")
