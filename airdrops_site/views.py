"""What machines ask: /health and what is under it, and /metrics."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from airdrops_site.health.component import Severity
from airdrops_site.health.registry import BY_NAME
from airdrops_site.health.report import take_report
from airdrops_site.metrics import CONTENT_TYPE, render_metrics


@require_safe
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """What is running; 503 when unhealthy. With the token: endpoints, latencies and reasons."""
    report = take_report()
    return JsonResponse(
        report.as_json(details=_has_token(request)), status=_status_code(report.severity)
    )


@require_safe
@never_cache
def live(_request: HttpRequest) -> JsonResponse:
    """That this process answers; looks at nothing else, so that nothing else can stop it."""
    return JsonResponse({"status": "alive"})


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """Whether requests may be sent here: the database answers and has this code's tables."""
    return _component(request, "database")


@require_safe
@never_cache
def component(request: HttpRequest, name: str) -> JsonResponse:
    """One part of /health, by its name there."""
    if name not in BY_NAME:
        sentence = f"There is no component of this name; there are {', '.join(sorted(BY_NAME))}."
        return JsonResponse({"error": sentence}, status=404)
    return _component(request, name)


def _component(request: HttpRequest, name: str) -> JsonResponse:
    report = take_report([BY_NAME[name]])
    answer = report.component_as_json(name, details=_has_token(request))
    return JsonResponse(answer, status=_status_code(report.severity))


def _status_code(severity: Severity) -> int:
    return 503 if severity == Severity.UNHEALTHY else 200


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Everything for Prometheus: with the token, or from this machine in development."""
    if not (_has_token(request) or _is_local_development(request)):
        answer = HttpResponse("Send METRICS_TOKEN as a bearer token.\n", "text/plain", status=401)
        answer["WWW-Authenticate"] = "Bearer"
        return answer
    return HttpResponse(render_metrics(), CONTENT_TYPE)


def _has_token(request: HttpRequest) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    # An unset token is nobody's token.
    return (
        bool(settings.METRICS_TOKEN)
        and scheme.lower() == "bearer"
        and constant_time_compare(given.strip(), settings.METRICS_TOKEN)
    )


def _is_local_development(request: HttpRequest) -> bool:
    # A proxy on this machine makes every stranger look local.
    proxied = {"X-Forwarded-For", "Forwarded"} & set(request.headers)
    if settings.PRODUCTION or proxied:
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:  # a Unix socket has no address
        return False
