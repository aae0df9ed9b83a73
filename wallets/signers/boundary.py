"""Which variables let a process sign: the workers' alone, never the web's."""

from collections.abc import Mapping

from wallets.signers.environment import KEY

_SECRETS = (
    "AIRDROPS_KEYSTORE_PASSPHRASE",
    "AIRDROPS_WEB3SIGNER_TOKEN",
    "AIRDROPS_WEB3SIGNER_TOKEN_FILE",
    # They may sign with a key in KMS; nothing else here asks AWS.
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
)
# With a user and a password in it.
_ADDRESSES = ("AIRDROPS_WEB3SIGNER_URL",)


def signer_variables(environment: Mapping[str, str]) -> list[str]:
    """The names, never the values, of those that are set."""
    return sorted(name for name, value in environment.items() if value and _signs(name, value))


def without_signers(environment: Mapping[str, str]) -> dict[str, str]:
    """The same environment for a process that must not sign."""
    hidden = set(signer_variables(environment))
    return {name: value for name, value in environment.items() if name not in hidden}


def _signs(name: str, value: str) -> bool:
    if name in _ADDRESSES:
        return "@" in value
    return name.startswith(KEY) or name in _SECRETS
