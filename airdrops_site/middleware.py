"""What every answer of the web carries."""

import re
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponseBase

# The console's Alpine evaluates its attributes ('unsafe-eval') and places its popups with style
# attributes; no page has, or may have, a script of its own in it.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)

Handler = Callable[[HttpRequest], HttpResponseBase]


def content_security_policy(get_response: Handler) -> Handler:
    """Scripts, styles and frames come from this host alone."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return response

    return answer


REQUEST_ID = "X-Request-ID"
# What a proxy in front may have given it; anything else could be a line of its own in the log.
_GIVEN = re.compile(r"[\w-]{8,64}")


def request_id(get_response: Handler) -> Handler:
    """One id on every log line of a request, and in its answer: the proxy's, or a new one."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get(REQUEST_ID, "")
        name = given if _GIVEN.fullmatch(given) else uuid.uuid4().hex
        with structlog.contextvars.bound_contextvars(request_id=name):
            response = get_response(request)
        response.headers[REQUEST_ID] = name
        return response

    return answer
