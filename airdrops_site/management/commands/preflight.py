"""Whether the web may start in the environment this is run in."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from airdrops_site.checks import signers_in_web


class Command(BaseCommand):
    """Run it as the web will be run: same user, same environment."""

    help = "Exit 2 with a sentence if the web's environment holds what signs."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Look, and say so."""
        if sentence := signers_in_web():
            raise CommandError(sentence, returncode=2)
        self.stdout.write("This environment holds nothing that signs.")
