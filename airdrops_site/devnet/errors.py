"""What goes wrong with the devnet, told in one sentence an operator can act on."""


class DevnetError(Exception):
    """The devnet cannot be started, reached or set up; the message says what to do."""


class DevnetSilent(DevnetError):
    """Nothing answered at the devnet's address; it may still be starting."""
