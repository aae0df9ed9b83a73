"""docs/deployments.md is right: each of its commands is run, in its order."""

from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User

from airdrops_site.roles import sync_roles
from protocols.models import Deployment
from tests.airdrops_site.desk import PASSWORD
from tests.airdrops_site.guides import commands, execute
from tests.airdrops_site.test_abi_command import PUBLISHED
from tests.airdrops_site.test_deployments_command import FIRST, SLOT
from tests.protocols.operators import Operator

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def places(alice: Operator, tmp_path: Path) -> dict[str, str]:
    """What the page's variables stand for: WETH, whose proxy will be upgraded, and a rumour."""
    sync_roles()
    ada = User.objects.create_user("ada", password=PASSWORD, is_staff=True)
    ada.groups.add(Group.objects.get(name="administrator"))
    (tmp_path / "password").write_text(PASSWORD)
    Deployment.objects.update(enabled=False)
    factory = Deployment.objects.get(role="uniswap_v2_factory")
    Deployment.objects.filter(pk=factory.pk).update(doubt="seen in one blog only")
    weth = Deployment.objects.get(role="weth")
    return {
        "NUMBER": str(weth.pk),
        "DOUBTED": str(factory.pk),
        "IMPLEMENTATION": FIRST,
        "ABI": str(PUBLISHED),
    }


def test_every_command_of_the_page_works(
    places: dict[str, str], alice: Operator, tmp_path: Path
) -> None:
    lines = commands("deployments.md")
    for line in lines:
        if "--changed" in line:
            weth = Deployment.objects.get(role="weth").address
            alice.rpc.call("anvil_setStorageAt", weth, SLOT, f"0x{FIRST[2:]:0>64}")
            assert execute("manage.py deployments verify", places, tmp_path / "password")[0] == 1
        code, said = execute(line, places, tmp_path / "password")
        assert (code, bool(said)) == (0, True), line
    assert len(lines) == 16
    assert Deployment.objects.filter(enabled=True, network=alice.network).count() == 3
