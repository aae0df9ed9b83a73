"""Writes `.env.example` from the settings themselves, so that the two cannot disagree."""

from typing import Any

from django.core.management.base import BaseCommand

from airdrops_site.configuration.base import env
from airdrops_site.environment import Variable

_HEAD = """\
# Every setting of Airdrops. Copy to .env and uncomment what should differ; what is commented out
# shows the default, or an example where there is none. Written by `manage.py env_example`."""


class Command(BaseCommand):
    """`manage.py env_example > .env.example`."""

    help = "Prints every setting with its meaning, as .env.example holds it."
    requires_system_checks = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """One block a variable."""
        blocks = [_block(variable) for variable in env.variables.values()]
        self.stdout.write("\n\n".join([_HEAD, *blocks]))


def _block(variable: Variable) -> str:
    lines = [f"# {variable.meaning}", f"#{variable.name}={variable.example}"]
    if variable.secret:
        path = f"/run/secrets/{variable.name.lower()}"
        lines += ["# or better the path of a file that holds it", f"#{variable.name}_FILE={path}"]
    return "\n".join(lines)
