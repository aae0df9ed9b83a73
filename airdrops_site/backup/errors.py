"""What a backup or a restore refuses, in one sentence."""


class BackupRefused(Exception):
    """What was wrong, where, and what to do; nothing was changed."""
