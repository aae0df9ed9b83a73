"""structlog over the standard library: readable in development, JSON in production."""

import logging.config
import sys
from typing import Any

import structlog
from structlog.typing import Processor

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


def logging_config(*, log_format: str, level: str) -> dict[str, Any]:
    """Configure structlog and the standard library alike; returns the dictConfig in force."""
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        # Tracebacks come to it as text, redacted already.
        else structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        )
    )
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
        "handlers": {"stderr": {"()": Handler, "formatter": "structlog"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # One line a job says nothing: our own events say what was done.
            "django-q": {"level": "WARNING", "handlers": ["stderr"], "propagate": False},
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
