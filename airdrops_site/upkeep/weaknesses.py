"""The quarterly look at settings, files and people."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.checks import run_checks
from django.utils import timezone

from airdrops_site.upkeep.results import Result

NOBODY_SEEN = timedelta(days=90)
SHORTEST_TOKEN = 20
_OF_OTHERS = 0o077


def audit_settings(_by: str) -> Result:
    """What `check --deploy` says, who else can read secret files, who has rights unused."""
    findings = [*_checks(), *_settings(), *_files(), *_people()]
    unknown = ["whether people sign in with a second factor: the console has none of its own"]
    summary = f"{len(findings)} weaknesses." if findings else "No weakness was found."
    # The second factor is a standing note, and makes nothing unknown that was looked at.
    return Result(summary, findings, figures={"not_looked_at": unknown})


def _checks() -> Iterator[str]:
    for message in run_checks(include_deployment_checks=True):
        if message.is_serious(level=30):
            yield f"{message.id}: {message.msg}"


def _settings() -> Iterator[str]:
    if "*" in settings.ALLOWED_HOSTS:
        yield "ALLOWED_HOSTS lets any host name in; name those that are yours"
    if 0 < len(settings.METRICS_TOKEN) < SHORTEST_TOKEN:
        yield f"METRICS_TOKEN is shorter than {SHORTEST_TOKEN} characters"
    if settings.BACKUP_HOURS == 0:
        yield "AIRDROPS_BACKUP_HOURS is 0: workers make no backups"


def _files() -> Iterator[str]:
    keys = Path(settings.KEYSTORE_DIR)
    environment = Path(os.environ.get("AIRDROPS_ENV_FILE") or settings.BASE_DIR / ".env")
    for path in (environment, keys, *sorted(keys.glob("*.json"))):
        try:
            mode = path.stat().st_mode
        except OSError:
            continue
        # A device such as /dev/null is no file of ours.
        if (path.is_file() or path.is_dir()) and mode & _OF_OTHERS:
            yield f"{path} can be opened by others (mode {mode & 0o777:o}); chmod go= it"


def _people() -> Iterator[str]:
    since = timezone.now() - NOBODY_SEEN
    for user in User.objects.filter(is_active=True, is_staff=True).order_by("username"):
        last = user.last_login or user.date_joined
        if last < since:
            right = "a superuser" if user.is_superuser else "staff"
            yield f"{user.username} is {right}, and was not seen for {NOBODY_SEEN.days} days"
    for group in Group.objects.filter(user__isnull=True).order_by("name"):
        yield f"nobody has the role {group.name}"
