"""The two addresses that machines ask: /health and /metrics."""

import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from airdrops_site import metrics
from airdrops_site.health import look


@require_safe
def health(_request: HttpRequest) -> JsonResponse:
    """What is running; 503 when unhealthy."""
    answer = look()
    return JsonResponse(answer, status=503 if answer["status"] == "unhealthy" else 200)


@require_safe
def prometheus(request: HttpRequest) -> HttpResponse:
    """Metrics, with the token, or from this machine in development."""
    if not _may_scrape(request):
        return HttpResponse("a bearer token is needed: METRICS_TOKEN\n", status=401)
    return HttpResponse(metrics.render(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _may_scrape(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.METRICS_TOKEN and secrets.compare_digest(given, settings.METRICS_TOKEN):
        return True
    # A proxy on this machine would make every stranger look local.
    proxied = "X-Forwarded-For" in request.headers
    local = request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1")
    return local and not proxied and not settings.PRODUCTION
