"""`manage.py roles`: write the four roles as the code knows them."""

from typing import Any

from django.core.management.base import BaseCommand

from airdrops_site.roles import ROLES, rights_of, sync_roles


class Command(BaseCommand):
    """Safe to repeat; what was added to the four groups by hand is taken away."""

    help = "Create or renew the roles viewer, operator, approver and administrator."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Write them, and say how many rights each has."""
        sync_roles()
        for role in ROLES:
            self.stdout.write(f"{role}: {len(rights_of(role))} rights")
