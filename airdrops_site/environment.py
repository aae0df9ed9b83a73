"""Reads each setting once from the environment: typed, with secret files and clear refusals."""

import os
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import environ

_WORDS = {"true": True, "yes": True, "on": True, "1": True}
_WORDS |= {"false": False, "no": False, "off": False, "0": False}
_DATABASES = ("sqlite", "postgres", "postgresql")


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: what it means and what an operator may write."""

    name: str
    meaning: str
    example: str
    secret: bool = False
    # A secret too, without a variant in a file.
    hidden: bool = False


class Environment:
    """The process environment (and `.env`), remembering every variable that was asked for."""

    def __init__(self, dotenv: Path) -> None:
        self.variables: dict[str, Variable] = {}
        if dotenv.is_file():
            environ.Env.read_env(str(dotenv))

    def text(self, name: str, default: str, meaning: str, example: str = "") -> str:
        """A line of text. Where the default differs between machines, `example` is shown."""
        return self._read(name, str, default, meaning, example or default)

    def flag(self, name: str, meaning: str, *, default: bool) -> bool:
        """True or false."""
        return self._read(name, _flag, default, meaning, str(default).lower(), "true or false")

    def number(
        self, name: str, default: int, meaning: str, *, least: int = 0, most: int = 2**31
    ) -> int:
        """A whole number within its bounds."""

        def parse(found: str) -> int:
            if not least <= (number := int(found)) <= most:
                raise ValueError(found)
            return number

        expected = f"a whole number from {least} to {most}, like {default}"
        return self._read(name, parse, default, meaning, str(default), expected)

    def names(self, name: str, default: list[str], meaning: str, example: str) -> list[str]:
        """A comma-separated list."""

        def parse(found: str) -> list[str]:
            return [part.strip() for part in found.split(",") if part.strip()]

        return self._read(name, parse, default, meaning, ",".join(default) or example)

    def choice(
        self, name: str, default: str, choices: tuple[str, ...], meaning: str, example: str = ""
    ) -> str:
        """One of a few words."""
        found = self.text(name, default, f"{meaning} ({' | '.join(choices)})", example)
        if found not in choices:
            refuse(name, found, f"one of {', '.join(choices)}")
        return found

    def folder(self, name: str, meaning: str, example: str) -> Path | None:
        """A folder, made if it is not there; None when unset."""
        found = self._read(name, str, "", meaning, example)
        if not found:
            return None
        try:
            Path(found).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            refuse(name, found, f"a folder this user can make and write, like {example}", error)
        if not os.access(found, os.W_OK):
            refuse(name, found, f"a folder this user can write, like {example}")
        return Path(found)

    def path(self, name: str, base: Path, meaning: str, example: str) -> str:
        """A file's path, a relative one from `base`; empty when unset."""
        found = self._read(name, str, "", meaning, example)
        return str(base / found) if found else ""

    def database(self, name: str, default: str, meaning: str, example: str) -> dict[str, Any]:
        """A database URL, as Django's connection settings."""
        url = self.secret(name, default, meaning, example)
        try:
            return _database(url)
        except (ValueError, KeyError) as error:
            # The URL holds a password: only its scheme is repeated.
            found = f"{url.partition(':')[0]}:…" if ":" in url else "not a URL"
            refuse(name, found, f"a database URL like {example}", error)

    def secret(self, name: str, default: str, meaning: str, example: str = "") -> str:
        """A secret, from NAME or, better, from the file that NAME_FILE points to."""
        self.variables[name] = Variable(name, meaning, example, secret=True)
        path = os.environ.get(f"{name}_FILE", "")
        if not path:
            return os.environ.get(name, "") or default
        expected = f"the path of a readable file with the secret, like /run/secrets/{name.lower()}"
        try:
            text = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            refuse(f"{name}_FILE", path, expected, error)
        return text or refuse(f"{name}_FILE", f"{path}, an empty file", expected)

    def secret_later(self, name: str, meaning: str, example: str = "") -> Callable[[], str]:
        """A secret that only some processes may read: it is read when it is asked for, not now.

        Empty when unset; OSError or ValueError where NAME_FILE cannot be read.
        """
        self.variables[name] = Variable(name, meaning, example, secret=True)

        def read() -> str:
            path = os.environ.get(f"{name}_FILE", "")
            found = Path(path).read_text(encoding="utf-8") if path else os.environ.get(name, "")
            return found.strip()

        return read

    def value_later(self, name: str, meaning: str) -> Callable[[], str]:
        """A secret without a variant in a file, read when it is asked for; empty when unset."""
        self.variables[name] = Variable(name, meaning, "", hidden=True)
        return lambda: os.environ.get(name, "").strip()

    def _read[T](
        self,
        name: str,
        parse: Callable[[str], T],
        default: T,
        meaning: str,
        example: str,
        expected: str = "",
    ) -> T:
        self.variables[name] = Variable(name, meaning, example)
        found = os.environ.get(name, "").strip()
        if not found:  # compose files pass on what is unset as empty
            return default
        try:
            return parse(found)
        except (ValueError, KeyError) as error:
            refuse(name, found, expected or example, error)


def dotenv(default: Path) -> Path:
    """The file of settings: AIRDROPS_ENV_FILE, which must then exist, or `default`."""
    named = os.environ.get("AIRDROPS_ENV_FILE", "")
    if named and not Path(named).exists():
        refuse("AIRDROPS_ENV_FILE", named, "the path of a file like .env.example")
    return Path(named) if named else default


def refuse(name: str, found: str, expected: str, cause: Exception | None = None) -> NoReturn:
    """End the start with the variable's name, what was found and what is expected; exit 2."""
    state = repr(found) if found else "not set"
    sys.stderr.write(f"Setting {name} is {state}; expected {expected}. Nothing was started.\n")
    raise SystemExit(2) from cause


def generated_secret(path: Path) -> str:
    """The secret kept in `path` (mode 0600), made on first use. Development only."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            write_private(path, secrets.token_urlsafe(50))
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        refuse("AIRDROPS_DATA_DIR", str(path.parent), "a folder this user can write", error)


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner can read, never visible half-written or wider than 0600."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


def _flag(found: str) -> bool:
    return _WORDS[found.lower()]


def _database(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme not in _DATABASES or (parts.scheme == "sqlite" and parts.netloc):
        raise ValueError("unusable scheme")
    found = dict(environ.Env.db_url_config(url))
    # In memory each process would have a database of its own.
    if found["NAME"] in ("", ":memory:"):
        raise ValueError("no name")
    return found
