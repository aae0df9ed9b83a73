"""Who is at the shell, where a person must answer for what is done: a console login, signed in."""

import getpass
import os
from pathlib import Path
from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management.base import CommandParser

from airdrops_site.answers import BadInput


def add_person(parser: CommandParser, *, required: bool = True) -> None:
    """The options that say who it is."""
    parser.add_argument("--user", required=required, default="", help="your name in the console")
    parser.add_argument(
        "--password-file", default="", help="a file with your password; it is asked for without one"
    )


def shell_actor() -> str:
    """Who is at the shell, for the history of what needs no sign-in."""
    try:
        return f"shell {getpass.getuser()}"
    except (OSError, KeyError):  # a container's user may have no name
        return f"shell user {os.getuid()}"


def signed_in(options: dict[str, Any]) -> User:
    """The person, once their password has shown that it is them."""
    name = options["user"]
    password = _password(options["password_file"], name)
    person = authenticate(username=name, password=password)
    if not isinstance(person, User):
        raise BadInput(f"{name} could not be signed in; check the name and the password")
    return person


def _password(path: str, name: str) -> str:
    if not path:
        return getpass.getpass(f"console password of {name}: ")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise BadInput(f"the password file {path} cannot be read: {error}") from error
