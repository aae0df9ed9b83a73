"""Writes `.env.example` from the settings themselves, so that the two cannot disagree."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from airdrops_site.environment import Variable
from airdrops_site.settings import env


class Command(BaseCommand):
    """`manage.py env_example > .env.example`."""

    help = "Prints every setting with its meaning, as .env.example holds it."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """One block a variable."""
        blocks = [_block(variable) for variable in env.variables.values()]
        self.stdout.write("\n\n".join(blocks))


def _block(variable: Variable) -> str:
    default = variable.default.replace(str(settings.BASE_DIR), ".")
    lines = [f"# {variable.meaning}"]
    if variable.secret:
        lines.append(f"# or {variable.name}_FILE with the path of a file that holds it")
    if variable.example and variable.example != default:
        lines.append(f"# example: {variable.example}")
    return "\n".join([*lines, f"#{variable.name}={default}"])
