"""An operator's desk: people with passwords, commands as a shell runs them, workers that work."""

import json
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group, User
from django.core.management import call_command

from airdrops_site.roles import sync_roles
from analytics.booking import book_ledger
from scheduling.models import Plan
from tests.market import Market
from tests.scheduling.plans import plan_round
from wallets.models import Network

PASSWORD = "a long password of the tests"
PEOPLE = {"ann": ("operator",), "ben": ("operator", "approver")}


@dataclass(frozen=True, slots=True)
class Desk:
    """What the operator has: a folder, the network, and what runs beside them."""

    folder: Path
    network: Network
    market: Market

    def run(self, line: str, *, user: str = "", code: int = 0) -> Any:
        """What a command line answers as JSON, when it ends with that code."""
        who = f" --user {user} --password-file {self.folder / 'password'}" if user else ""
        name, *arguments = (line + who).split()
        said = StringIO()
        try:
            call_command(name, "--json", *arguments, stdout=said)
            ended = 0
        except SystemExit as error:
            ended = int(str(error.code))
        assert ended == code, said.getvalue()
        return json.loads(said.getvalue())

    def work(self, rounds: int = 1) -> None:
        """Everything the workers would do in so many blocks."""
        for _ in range(rounds):
            plan_round(self.network, self.market)
            book_ledger()

    def until_plans_are_over(self) -> None:
        """Until no plan runs, and the books have been told."""
        for _ in range(80):
            if not Plan.objects.filter(state="running").exists():
                break
            self.work()
        self.work(2)


def make_people(folder: Path) -> None:
    """Ann makes, Ben approves; both know their passwords."""
    sync_roles()
    for name, roles in PEOPLE.items():
        user = User.objects.create_user(name, password=PASSWORD, is_staff=True)
        user.groups.add(*Group.objects.filter(name__in=roles))
    (folder / "password").write_text(PASSWORD)
