"""The operator's login of a quickstart."""

import secrets
from pathlib import Path

from django.contrib.auth.models import User

from airdrops_site.environment import write_private

NAME = "operator"


def ensure_operator(folder: Path) -> str | None:
    """Make the operator on the first start; the password once, then only in its 0600 file."""
    if User.objects.filter(username=NAME).exists():
        return None
    password = secrets.token_urlsafe(12)
    write_private(password_file(folder), password + "\n")
    User.objects.create_superuser(NAME, password=password)
    return password


def password_file(folder: Path) -> Path:
    """Where the password is kept."""
    return folder / "operator_password"
