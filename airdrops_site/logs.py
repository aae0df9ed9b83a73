"""structlog over the standard library: readable in development, JSON in production."""

import logging.config
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from structlog.typing import Processor

from airdrops_site.log_files import SharedFileHandler
from airdrops_site.redaction import redact_event

SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
    redact_event,
]


class Handler(logging.StreamHandler[Any]):
    """Writes to standard error; a line that cannot be formatted is lost, but not its secrets."""

    def handleError(self, record: logging.LogRecord) -> None:
        """The standard library would print the arguments of the failed line as they are."""
        kind = sys.exc_info()[0]
        where = f"{record.pathname}:{record.lineno}"
        sys.stderr.write(f"A log line of {where} was lost: {kind.__name__ if kind else '?'}.\n")


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file that takes every line as well: how large it grows, and how many old ones are kept."""

    path: Path
    megabytes: int
    files: int


def logging_config(
    *, log_format: str, level: str, log_file: LogFile | None = None
) -> dict[str, Any]:
    """Configure structlog and the standard library alike; returns the dictConfig in force."""
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        # Tracebacks come to it as text, redacted already.
        else structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        )
    )
    names = ["stderr", *_file(log_file)]
    config: dict[str, Any] = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structlog": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    renderer,
                ],
            }
        },
        "handlers": {"stderr": {"()": Handler, "formatter": "structlog"}, **_file(log_file)},
        "root": {"handlers": names, "level": level},
        "loggers": {
            # One line a job says nothing: our own events say what was done.
            "django-q": {"level": "WARNING", "handlers": names, "propagate": False},
            "boto3": {"level": "WARNING"},
            "botocore": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            "web3": {"level": "WARNING"},
        },
    }
    logging.config.dictConfig(config)
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return config


def _file(log_file: LogFile | None) -> dict[str, Any]:
    if log_file is None:
        return {}
    return {
        "file": {
            "()": SharedFileHandler,
            "path": log_file.path,
            "most_bytes": log_file.megabytes * 1_000_000,
            "files": log_file.files,
            "formatter": "structlog",
        }
    }
