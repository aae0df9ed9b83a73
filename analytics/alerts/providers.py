"""Facts that only the floor above knows, asked by name; one that nobody provides is unknown."""

from collections.abc import Callable, Iterable

from analytics.alerts.facts import Fact, Look

Provider = Callable[[Look], Iterable[Fact]]
_provided: dict[str, Provider] = {}


class NotProvided(LookupError):
    """Nobody says it in this process; whether it is wrong is unknown."""


def provide(name: str, provider: Provider) -> None:
    """Answer rules that ask for `name`; providing twice is the same as once."""
    _provided[name] = provider


def provided(name: str) -> Provider:
    """What a rule asks with, of whoever has provided `name` by then."""

    def look(asked: Look) -> Iterable[Fact]:
        if name not in _provided:
            raise NotProvided(f"nobody provides {name} here")
        return _provided[name](asked)

    return look
