"""Run the checks so that the answer comes in time, whatever hangs."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import structlog
from django.conf import settings
from django.db import Error, OperationalError, connection, connections

from airdrops_site.health.component import Component, Report
from airdrops_site.health.registry import CHECKS, Check, Lane
from airdrops_site.health.survey import Survey
from wallets.chain.probe import record_probe

log = structlog.get_logger(__name__)

# Of the two seconds that are promised; the rest is for the web server.
ANSWER_SECONDS = 1.5
# What was learned is written after the answer is complete; a caller waits this long for it.
RECORD_SECONDS = 0.2
# What hangs must not cost a thread for each time somebody asks.
_slots = threading.BoundedSemaphore(8 * len(Lane))


def take_report(checks: Sequence[Check] = CHECKS) -> Report:
    """Look at everything, for at most ANSWER_SECONDS; what is not known by then is `unknown`.

    What asks the database, what asks chains and what asks this machine look side by side, so that
    none waits for another that hangs.
    """
    deadline = time.monotonic() + ANSWER_SECONDS
    survey = Survey()
    readers = [_Reader(survey, checks, lane) for lane in Lane]
    for reader in readers:
        reader.start(deadline)
    for reader in readers:
        reader.wait(deadline)
    found = {name: part for reader in readers for name, part in dict(reader.found).items()}
    return Report(
        survey.now,
        {check.name: found.get(check.name, check.unknown) for check in checks},
        tuple(settings.CONTACTS),
    )


class _Reader:
    """One lane's thread, and what it has found so far."""

    def __init__(self, survey: Survey, checks: Sequence[Check], lane: Lane) -> None:
        self.survey = survey
        self.checks = sorted(
            (check for check in checks if check.lane == lane), key=lambda check: check.turn
        )
        self.found: dict[str, Component] = {}
        self.complete = threading.Event()
        # A thread with a connection of its own, so that it can be left behind when it hangs.
        self.thread = threading.Thread(target=self._run, daemon=True)

    def start(self, deadline: float) -> None:
        """Begin, unless too many that hang are still there."""
        if self.checks and _slots.acquire(timeout=max(0.0, deadline - time.monotonic())):
            self.thread.start()
        else:
            self.complete.set()

    def wait(self, deadline: float) -> None:
        """Until all is found, or the time is over."""
        if self.complete.wait(max(0.0, deadline - time.monotonic())) and self.thread.ident:
            self.thread.join(RECORD_SECONDS)

    def _run(self) -> None:
        """Look, say that it is complete, and only then write down what the probes learned."""
        try:
            self._look()
            self.complete.set()
            for probe in self.survey.probes if self.checks[0].lane == Lane.CHAINS else ():
                record_probe(probe)
        except Error as error:
            log.warning("health_database_failed", reason=type(error).__name__)
        finally:
            self.complete.set()
            connections.close_all()
            _slots.release()

    def _look(self) -> None:
        for check in self.checks:
            began = time.monotonic()
            try:
                self.found[check.name] = _look_in_time(check, self.survey)
            except (Error, OSError) as error:
                log.warning("health_check_failed", check=check.name, reason=type(error).__name__)
                if check.lane == Lane.MACHINE:
                    continue
                if not _answers():
                    return
                # What failed at once, as without the right to read, is not slow.
                if check.late and time.monotonic() - began >= check.seconds:
                    self.found[check.name] = check.late


def _look_in_time(check: Check, survey: Survey) -> Component:
    """The check, ended by the database's own means when its time is over."""
    if check.lane == Lane.MACHINE:
        return check.look(survey)
    deadline = time.monotonic() + check.seconds
    with ExitStack() as stack:
        stack.enter_context(connection.execute_wrapper(_Limited(deadline)))
        _limit_statements(check.seconds, stack)
        return check.look(survey)


class _Limited:
    """Lets no statement begin after the check's time is over."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline

    def __call__(self, execute: Callable[..., Any], *statement: Any) -> Any:
        """Execute it, or say that it is too late."""
        if time.monotonic() > self.deadline:
            raise OperationalError("the check took too long")
        return execute(*statement)


def _limit_statements(seconds: float, stack: ExitStack) -> None:
    """End the statement that is running when the time is over."""
    connection.ensure_connection()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = {int(seconds * 1000)}")
    else:
        timer = threading.Timer(seconds, connection.connection.interrupt)
        timer.daemon = True
        stack.callback(timer.cancel)
        timer.start()


def _answers() -> bool:
    """Whether one slow statement failed, and not the connection."""
    return connection.connection is not None and connection.is_usable()
