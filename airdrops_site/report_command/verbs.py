"""What each verb of `manage.py report` asks of the floor below."""

import sys
from pathlib import Path
from typing import Any

from django.utils import timezone

from airdrops_site.answers import Answer, BadInput
from airdrops_site.report_command.writing import STDOUT, Printed, to_file, to_stdout
from analytics.models import Campaign
from analytics.reports.document import Document
from analytics.reports.forms import forms
from analytics.reports.gathering import gather
from analytics.reports.periods import Kind, period_of

PDF = "pdf"


def daily(options: dict[str, Any]) -> Answer:
    """Of a day."""
    return _report(Kind.DAILY, options, None)


def weekly(options: dict[str, Any]) -> Answer:
    """Of a week."""
    return _report(Kind.WEEKLY, options, None)


def campaign(options: dict[str, Any]) -> Answer:
    """Of a campaign, up to the end of a week."""
    slug = options["campaign"]
    found = Campaign.objects.filter(slug=slug).first()
    if found is None:
        known = ", ".join(Campaign.objects.order_by("slug").values_list("slug", flat=True)[:10])
        raise BadInput(f"there is no campaign {slug!r}; there are: {known or 'none'}")
    return _report(Kind.CAMPAIGN, options, found)


def _report(kind: str, options: dict[str, Any], of: Campaign | None) -> Answer:
    form, output = options["format"], options["output"]
    _require_place(form, output)
    now = timezone.now()
    period = period_of(kind, options["date"], now, of)
    sys.stderr.write(f"gathering: {period.title(now)}\n")
    return _written(gather(period, now), form, output)


def _require_place(form: str, output: str) -> None:
    """Before anything is gathered."""
    if form == PDF and not output:
        raise BadInput("a PDF is no text: add --output FILE, or --output - for the standard output")
    if output not in ("", STDOUT) and Path(output).is_dir():
        raise BadInput(f"{output} is a folder; name a file in it")


def _written(document: Document, form: str, output: str) -> Answer:
    content = forms()[form].render(document)
    if output in ("", STDOUT):
        return to_stdout(content, is_text=form != PDF)
    to_file(Path(output), content)
    return Printed(None, (), f"{document.title}: written to {output}\n")
