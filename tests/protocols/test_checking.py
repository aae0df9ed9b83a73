"""What has changed on chain is found, disabled and told, without anybody asking."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from structlog.testing import capture_logs

from airdrops_site.devnet.rpc import DevnetRpc
from airdrops_site.health.transactions import open_facts
from protocols import tasks
from protocols.checking import Checked, Verdict, ask_workers, check_deployments, due_deployments
from protocols.deployments import DeploymentError
from protocols.models import Deployment, Protocol
from protocols.points import ContractPoint
from protocols.rules import adopt_code, distrust
from protocols.services import disable_deployment, register_deployment, verify_deployment
from protocols.verification import ContractChanged, Vouched
from tests.boundaries import at
from tests.market import Market
from tests.wallets.rpc_servers import answering, prefer, serve
from wallets import wakeups
from wallets.addresses import ZERO_ADDRESS
from wallets.chain.client import NetworkClient
from wallets.models import Network, PolicyRule, RpcEndpoint, Transition, WakeUp

pytestmark = [pytest.mark.django_db, pytest.mark.db]

# EIP-1967, as the standard writes them.
IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"
BEACON_SLOT = "0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50"
FIRST, SECOND = "0x" + "11" * 20, "0x" + "22" * 20
BEACON = "0x" + "0B" * 20
OTHER_CODE = "0x60016000f3"


@pytest.fixture
def rpc(market: Market) -> DevnetRpc:
    """The chain the contracts are on."""
    return market.rpc


@pytest.fixture
def weth(devnet: Network, market: Market, client: NetworkClient) -> Deployment:
    """A registered contract."""
    return register_deployment(
        protocol=Protocol.objects.get(slug="evm"),
        network=devnet,
        role="weth",
        address=market.manifest.l2.weth.contract.address,
        abi="weth",
        source="a list of addresses",
        client=client,
    )


def lead(rpc: DevnetRpc, row: Deployment, slot: str, to: str) -> None:
    """Write an address into a proxy's slot, as an upgrade does."""
    rpc.call("anvil_setStorageAt", row.address, slot, f"0x{to[2:]:0>64}")


def answer_with(rpc: DevnetRpc, beacon: str, address: str) -> None:
    """A beacon that names an implementation, whatever it is asked."""
    rpc.call("anvil_setCode", beacon, f"0x73{address[2:]}60005260206000f3")


def check(*rows: Deployment) -> list[Checked]:
    """What a look at them gives, as they are now."""
    return list(check_deployments(Deployment.objects.filter(pk__in=[row.pk for row in rows])))


def rules_on(row: Deployment) -> int:
    """How many rules are in force at its address."""
    return PolicyRule.objects.filter(address=row.address, enabled=True).count()


def test_what_is_as_on_record_stays_in_use(weth: Deployment) -> None:
    before = weth.verified_at
    (one,) = check(weth)
    weth.refresh_from_db()
    assert (one.verdict, weth.enabled, rules_on(weth)) == (Verdict.SAME, True, 2)
    assert before is not None
    assert weth.verified_at is not None
    assert weth.verified_at > before


def test_what_was_never_seen_is_recorded_and_not_enabled(weth: Deployment) -> None:
    seen = weth.code_hash
    Deployment.objects.update(code_hash="", implementation="", enabled=False)
    PolicyRule.objects.all().delete()
    (one,) = check(weth)
    weth.refresh_from_db()
    assert (one.verdict, weth.code_hash, weth.enabled) == (Verdict.FIRST_SEEN, seen, False)
    assert weth.implementation == ZERO_ADDRESS


@pytest.mark.parametrize(
    ("code", "told"), [(OTHER_CODE, "its code is 0x"), ("0x", "it has no code any more")]
)
def test_other_code_disables_it_with_its_rules(
    weth: Deployment, rpc: DevnetRpc, code: str, told: str
) -> None:
    rpc.call("anvil_setCode", weth.address, code)
    with capture_logs() as logs:
        (one,) = check(weth)
    weth.refresh_from_db()
    assert (one.verdict, weth.enabled, rules_on(weth)) == (Verdict.CHANGED, False, 0)
    assert told in one.sentence
    assert [(line["event"], line["log_level"]) for line in logs] == [("contract_changed", "error")]


def test_another_implementation_is_another_contract(weth: Deployment, rpc: DevnetRpc) -> None:
    lead(rpc, weth, IMPLEMENTATION_SLOT, FIRST)
    (one,) = check(weth)
    assert one.verdict is Verdict.CHANGED
    assert f"it leads to {FIRST}; on record is {ZERO_ADDRESS}" in one.sentence


def test_an_upgrade_behind_an_unchanged_proxy_is_found(
    weth: Deployment, rpc: DevnetRpc, client: NetworkClient
) -> None:
    lead(rpc, weth, IMPLEMENTATION_SLOT, FIRST)
    with pytest.raises(ContractChanged):
        verify_deployment(deployment=weth, client=client)
    verify_deployment(deployment=weth, client=client, vouched=Vouched(implementation=FIRST))
    assert check(weth)[0].verdict is Verdict.SAME
    lead(rpc, weth, IMPLEMENTATION_SLOT, SECOND)
    assert check(weth)[0].verdict is Verdict.CHANGED
    assert rules_on(weth) == 0


def test_an_upgrade_through_a_beacon_is_found(
    weth: Deployment, rpc: DevnetRpc, client: NetworkClient
) -> None:
    lead(rpc, weth, BEACON_SLOT, BEACON)
    answer_with(rpc, BEACON, FIRST)
    verify_deployment(deployment=weth, client=client, vouched=Vouched(implementation=FIRST))
    weth.refresh_from_db()
    assert (weth.implementation, weth.beacon.lower()) == (FIRST, BEACON.lower())
    answer_with(rpc, BEACON, SECOND)
    assert check(weth)[0].verdict is Verdict.CHANGED


def test_a_beacon_that_does_not_answer_is_unknown_and_changes_nothing(
    weth: Deployment, rpc: DevnetRpc
) -> None:
    lead(rpc, weth, BEACON_SLOT, BEACON)
    (one,) = check(weth)
    weth.refresh_from_db()
    assert (one.verdict, weth.enabled, rules_on(weth)) == (Verdict.UNKNOWN, True, 2)


def test_vouching_for_the_code_does_not_vouch_for_where_it_leads(
    weth: Deployment, rpc: DevnetRpc, client: NetworkClient
) -> None:
    lead(rpc, weth, IMPLEMENTATION_SLOT, FIRST)
    with pytest.raises(ContractChanged, match="it leads to"):
        verify_deployment(deployment=weth, client=client, vouched=Vouched(weth.code_hash))


def test_a_network_that_does_not_answer_is_unknown(weth: Deployment) -> None:
    RpcEndpoint.objects.update(enabled=False)
    (one,) = check(weth)
    weth.refresh_from_db()
    assert (one.verdict, weth.enabled) == (Verdict.UNKNOWN, True)


def test_one_of_two_endpoints_that_says_otherwise_disables_nothing(
    weth: Deployment, devnet: Network, rpc: DevnetRpc
) -> None:
    with serve(rpc.url) as liar:
        liar.tamper = answering("eth_getCode", OTHER_CODE)
        prefer(devnet, liar)
        (one,) = check(weth)
    weth.refresh_from_db()
    assert (one.verdict, weth.enabled, rules_on(weth)) == (Verdict.UNKNOWN, True, 2)


def test_the_workers_look_when_it_is_time(weth: Deployment, rpc: DevnetRpc) -> None:
    weth.refresh_from_db()
    assert weth.look_at is not None
    assert timedelta(hours=5) < weth.look_at - timezone.now() < timedelta(hours=7)
    assert list(tasks._due()) == []
    Deployment.objects.update(look_at=timezone.now())
    (due,) = tasks._due()
    rpc.call("anvil_setCode", weth.address, OTHER_CODE)
    tasks.verify_deployments(due)
    now = Deployment.objects.get()
    assert (now.enabled, now.look_at, list(tasks._due())) == (False, None, [])


def test_a_look_that_failed_is_taken_again_soon(weth: Deployment) -> None:
    Deployment.objects.update(look_at=timezone.now())
    RpcEndpoint.objects.update(enabled=False)
    tasks.verify_deployments(str(weth.network_id))
    weth.refresh_from_db()
    assert weth.look_at is not None
    assert timedelta() < weth.look_at - timezone.now() < timedelta(minutes=11)


def test_a_person_has_the_workers_look_now(
    weth: Deployment, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert ask_workers(Deployment.objects.all()) == 1
    assert [row.pk for row in due_deployments()] == [weth.pk]
    assert WakeUp.objects.filter(key=f"deployments:{weth.network_id}").exists()


def test_the_wake_up_is_known_to_the_pulse() -> None:
    assert "deployments" in {one.name for one in wakeups.registered()}


def test_a_change_is_a_finding_until_a_person_has_seen_to_it(
    weth: Deployment, rpc: DevnetRpc, client: NetworkClient
) -> None:
    assert open_facts()["changed_contracts"] == 0
    rpc.call("anvil_setCode", weth.address, OTHER_CODE)
    check(weth)
    assert open_facts()["changed_contracts"] == 1
    weth.refresh_from_db()
    disable_deployment(deployment=weth, reason="it was upgraded badly")
    assert open_facts()["changed_contracts"] == 0
    with pytest.raises(ContractChanged):
        verify_deployment(deployment=weth, client=client)
    assert check(weth)[0].verdict is Verdict.CHANGED
    weth.refresh_from_db()
    assert (open_facts()["changed_contracts"], weth.disabled_reason) == (0, "it was upgraded badly")


def test_what_became_of_it_stands_in_its_history(weth: Deployment) -> None:
    disable_deployment(deployment=weth, reason="under attack", actor="somebody")
    lines = Transition.objects.filter(subject="deployment", subject_id=weth.pk).order_by("id")
    assert list(lines.values_list("from_state", "to_state", "actor")) == [
        ("", "enabled", ""),
        ("enabled", "disabled", "somebody"),
    ]


def test_a_network_is_asked_once_for_all_its_contracts(
    registered: Network, rpc: DevnetRpc, django_assert_max_num_queries: Any
) -> None:
    rows = list(Deployment.objects.select_related("network", "protocol"))
    with serve(rpc.url) as server, django_assert_max_num_queries(30):
        RpcEndpoint.objects.update(url=server.url)
        found = list(check_deployments(rows))
    assert [one.verdict for one in found] == [Verdict.SAME] * 4
    assert len(server.bodies) == 1


def test_what_is_found_changed_while_it_is_looked_at_is_not_enabled(
    weth: Deployment, client: NetworkClient
) -> None:
    def leads_elsewhere() -> None:
        distrust(network=weth.network, address=weth.address, reason="it leads elsewhere")

    with (
        at(ContractPoint.PROVEN, leads_elsewhere),
        pytest.raises(DeploymentError, match="while it was looked at"),
    ):
        verify_deployment(deployment=weth, client=client)
    weth.refresh_from_db()
    assert (weth.enabled, weth.disabled_reason) == (False, "it leads elsewhere")
    assert weth.changed_at is not None
    assert rules_on(weth) == 0


def test_what_a_person_vouched_for_meanwhile_is_not_overwritten(weth: Deployment) -> None:
    new = "0x" + "ab" * 32

    def vouch() -> None:
        adopt_code(network=weth.network, address=weth.address, code_hash=new)

    with at(ContractPoint.JUDGED, vouch):
        check(weth)
    weth.refresh_from_db()
    assert weth.code_hash == new


def test_a_beacon_does_not_hide_where_a_proxy_leads_to(weth: Deployment, rpc: DevnetRpc) -> None:
    Deployment.objects.update(implementation="")
    lead(rpc, weth, IMPLEMENTATION_SLOT, FIRST)
    lead(rpc, weth, BEACON_SLOT, BEACON)
    answer_with(rpc, BEACON, FIRST)
    assert check(weth)[0].verdict is Verdict.SAME
    lead(rpc, weth, IMPLEMENTATION_SLOT, SECOND)
    assert check(weth)[0].verdict is Verdict.CHANGED
    assert rules_on(weth) == 0
