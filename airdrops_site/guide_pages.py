"""The console's pages of what to do about an alert: docs/alerts/ as it is installed here."""

import re
from collections.abc import Iterator

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from analytics.alerts.guides import read_page

# A block of the page: what it is (title, code, point or text), and its text.
Block = tuple[str, str]


@require_safe
def guide(request: HttpRequest, name: str) -> HttpResponse:
    """One page, for whoever may see alerts."""
    if not request.user.has_perm("analytics.view_alert"):
        raise PermissionDenied
    found = read_page(name)
    if found is None:
        raise Http404(f"there is no page about {name}")
    context = {**admin.site.each_context(request), "title": name, "blocks": list(blocks(found))}
    return TemplateResponse(request, "console/guide.html", context)


def blocks(page: str) -> Iterator[Block]:
    """Of the Markdown that these pages use: headings, code, points and paragraphs."""
    for part in re.split(r"(```\w*\n.*?```)", page, flags=re.DOTALL):
        if part.startswith("```"):
            yield "code", part.partition("\n")[2].removesuffix("```").strip()
            continue
        for text in filter(None, map(str.strip, part.split("\n\n"))):
            # The first lines are about Prometheus' rule; the alert's page has what holds here.
            if "The rule is in `deploy/" not in text:
                yield from _block(text)


def _block(text: str) -> Iterator[Block]:
    if text.startswith("# "):
        return
    if text.startswith("#"):
        yield "title", text.lstrip("# ")
        return
    for point in re.split(r"\n(?=(?:- |\d+\. ))", text):
        plain = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", " ".join(point.split()))
        yield ("point", plain[2:]) if plain.startswith("- ") else ("text", plain)
