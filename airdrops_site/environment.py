"""Reads each setting once from the environment: typed, with secret files and clear refusals."""

import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import environ


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: what it means and what an operator may write."""

    name: str
    default: str
    meaning: str
    example: str
    secret: bool = False


class Environment:
    """The process environment (and `.env`), remembering every variable that was asked for."""

    def __init__(self, dotenv: Path) -> None:
        self._env = environ.Env()
        self.variables: dict[str, Variable] = {}
        if dotenv.is_file():
            self._env.read_env(str(dotenv))

    def text(self, name: str, default: str, meaning: str, example: str = "") -> str:
        """A line of text."""
        return str(self._read(name, str, default, meaning, example))

    def flag(self, name: str, meaning: str, *, default: bool) -> bool:
        """True or false."""
        return bool(self._read(name, bool, default, meaning, "true"))

    def number(self, name: str, default: int, meaning: str) -> int:
        """A whole number."""
        return int(self._read(name, int, default, meaning, str(default)))

    def names(self, name: str, default: list[str], meaning: str, example: str) -> list[str]:
        """A comma-separated list."""
        return list(self._read(name, list, default, meaning, example))

    def choice(self, name: str, default: str, choices: tuple[str, ...], meaning: str) -> str:
        """One of a few words."""
        found = self.text(name, default, f"{meaning} ({' | '.join(choices)})", choices[0])
        if found not in choices:
            refuse(name, found, f"one of {', '.join(choices)}")
        return found

    def database(self, name: str, default: str, meaning: str, example: str) -> dict[str, Any]:
        """A database URL, as Django's connection settings."""
        url = self.secret(name, default, meaning, example)
        try:
            return dict(environ.Env.db_url_config(url))
        except (ValueError, KeyError) as error:
            refuse(name, "an unreadable URL", example, error)

    def secret(self, name: str, default: str, meaning: str, example: str = "") -> str:
        """A secret, from NAME or, better, from the file that NAME_FILE points to."""
        self.variables[name] = Variable(name, "", meaning, example, secret=True)
        path = os.environ.get(f"{name}_FILE", "")
        if not path:
            return os.environ.get(name, "") or default
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            refuse(f"{name}_FILE", path, "the path of a readable file", error)

    def _read(self, name: str, cast: type, default: Any, meaning: str, example: str) -> Any:
        shown = ",".join(default) if isinstance(default, list) else str(default)
        self.variables[name] = Variable(name, shown, meaning, example)
        try:
            return self._env(name, cast=cast, default=default)
        except ValueError as error:
            refuse(name, os.environ.get(name, ""), example or shown, error)


def refuse(name: str, found: str, example: str, cause: Exception | None = None) -> NoReturn:
    """End the start with the variable's name, what was found and what is expected; exit 2."""
    sys.stderr.write(f"Setting {name} is {found!r}; expected {example}. Nothing was started.\n")
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
