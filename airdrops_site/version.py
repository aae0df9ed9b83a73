"""The version of this program, as pyproject.toml says it."""

import tomllib
from functools import cache

from django.conf import settings


@cache
def version() -> str:
    """Like 0.1.0."""
    text = (settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["project"]["version"])
