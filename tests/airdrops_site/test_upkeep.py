"""Upkeep comes at its time, once, and says what it found where everybody looks."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from airdrops_site.models import Operation
from airdrops_site.upkeep import jobs
from airdrops_site.upkeep.calendar import Every, following, latest
from airdrops_site.upkeep.dependencies import audit, node_holes, python_holes
from airdrops_site.upkeep.rpc_times import bound95
from airdrops_site.upkeep.running import due
from airdrops_site.upkeep.works import BY_NAME
from tests import factories
from tests.airdrops_site.conftest import add_network
from tests.chains import Chain
from tests.processes import environment
from wallets import leases
from wallets.chain import timings
from wallets.models import Installation, Lease, Network, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]
NOW = datetime(2026, 5, 13, 12, tzinfo=UTC)  # a Wednesday
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def old_installation() -> None:
    row, _ = Installation.objects.get_or_create(defaults={"id": "0" * 32})
    Installation.objects.filter(pk=row.pk).update(created_at=LONG_AGO)


def kinds(now: datetime = NOW) -> set[str]:
    return {work.kind.value for work in due(now)}


def done(kind: str, *, ago: timedelta, outcome: str = "succeeded") -> None:
    factories.OperationFactory.create(kind=kind, outcome=outcome, started_at=NOW - ago)


def ran(kind: str) -> tuple[int, dict[str, object]]:
    said = StringIO()
    try:
        call_command("upkeep", "run", kind, "--json", stdout=said)
    except SystemExit as ended:
        return int(str(ended.code)), json.loads(said.getvalue())
    return 0, json.loads(said.getvalue())


@pytest.mark.parametrize(
    ("every", "last", "after"),
    [
        (Every.DAY, (5, 13), (5, 14)),
        (Every.WEEK, (5, 11), (5, 18)),
        (Every.MONTH, (5, 1), (6, 1)),
        (Every.QUARTER, (4, 1), (7, 1)),
        (Every.BACKUP_HOURS, None, None),
    ],
)
def test_each_time_is_at_three_of_its_day(
    every: Every, last: tuple[int, int] | None, after: tuple[int, int] | None
) -> None:
    found = (latest(every, NOW), following(every, NOW))
    assert found == tuple(one and datetime(2026, *one, 3, tzinfo=UTC) for one in (last, after))


def test_before_three_the_day_before_counts() -> None:
    assert latest(Every.MONTH, datetime(2026, 5, 1, 2, tzinfo=UTC)) == datetime(
        2026, 4, 1, 3, tzinfo=UTC
    )


@pytest.mark.usefixtures("old_installation")
def test_what_was_missed_many_times_is_made_up_once() -> None:
    done("log_review", ago=timedelta(days=40))
    assert "log_review" in kinds()
    done("log_review", ago=timedelta(minutes=1))
    assert "log_review" not in kinds()
    assert "log_review" in kinds(NOW + timedelta(days=1))


def test_a_new_installation_begins_with_nothing_due() -> None:
    row, _ = Installation.objects.get_or_create(defaults={"id": "0" * 32})
    Installation.objects.filter(pk=row.pk).update(created_at=NOW - timedelta(hours=1))
    assert kinds() == set()


@pytest.mark.usefixtures("old_installation")
def test_a_failure_is_tried_again_an_hour_later_and_thrice_at_most() -> None:
    done("cleanup", ago=timedelta(minutes=50), outcome="failed")
    assert "cleanup" not in kinds()
    assert "cleanup" in kinds(NOW + timedelta(minutes=30))
    for hours in (2, 3):
        done("cleanup", ago=timedelta(hours=hours), outcome="failed")
    assert "cleanup" not in kinds(NOW + timedelta(hours=3))


@pytest.mark.usefixtures("old_installation")
def test_a_worker_starts_nothing_while_a_piece_is_under_way() -> None:
    leases.take("upkeep:cleanup", owner="another", duration=timedelta(minutes=5))
    jobs.begin()
    assert not Operation.objects.exists()
    # The next look is a minute away.
    assert [*jobs.asked()] == []


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_process_of_a_piece_is_the_command_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    started = jobs.start(BY_NAME["log_review"])
    assert started.wait(timeout=60) == 0
    row = Operation.objects.get()
    assert (row.pid, row.by.startswith("worker ")) == (started.pid, True)


def test_without_maintenance_nobody_asks(settings: Settings) -> None:
    settings.MAINTENANCE = False
    assert [*jobs.asked()] == []


def test_findings_are_kept_and_end_with_1() -> None:
    factories.RunFactory.create(state="needs_operator")
    code, facts = ran("log_review")
    assert (code, facts["findings"]) == (1, ["1 runs that need an operator"])
    row = Operation.objects.get()
    assert (row.kind, row.outcome) == ("log_review", "findings")


@pytest.mark.parametrize("kind", ["settings_audit", "performance", "key_rotation", "deployments"])
def test_each_review_is_done_and_recorded(kind: str) -> None:
    code, _ = ran(kind)
    assert code in (0, 1, 3)
    assert Operation.objects.get().outcome in ("succeeded", "findings", "unknown")


def test_a_key_file_that_others_can_read_is_a_weakness(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "a.json").chmod(0o644)
    settings.KEYSTORE_DIR = str(tmp_path)
    _, facts = ran("settings_audit")
    assert any("a.json can be opened by others (mode 644)" in str(one) for one in facts["findings"])  # type: ignore[attr-defined]


def test_a_key_without_a_file_is_of_unknown_age() -> None:
    factories.WalletFactory.create(label="cloud", signer_kind="aws_kms", signer_reference="arn")
    code, facts = ran("key_rotation")
    assert (code, facts["unknown"]) == (3, ["how old the key of cloud is"])


def test_the_newest_backup_that_was_never_made_is_a_finding() -> None:
    code, facts = ran("backup_verification")
    assert (code, facts["summary"]) == (1, "There is no backup to try out.")


def test_one_process_at_a_time_does_a_piece() -> None:
    leases.take("upkeep:log_review", owner="another", duration=timedelta(minutes=5))
    with pytest.raises(CommandError, match="another process is at log_review") as refused:
        call_command("upkeep", "run", "log_review")
    assert refused.value.returncode == 2


def test_an_advisory_service_that_is_silent_is_unknown_and_not_fine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "npm_config_registry"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    source = '[[package]]\nname = "django"\nversion = "1.0"\nsource = { registry = "x" }\n'
    (tmp_path / "uv.lock").write_text(source)
    (tmp_path / "package-lock.json").write_text("not a lock")
    findings, unknown = audit(tmp_path)
    assert findings == []
    assert [one.split(":")[0] for one in unknown] == [
        f"what holes the packages of {name} have" for name in ("uv.lock", "package-lock.json")
    ]


def test_holes_are_read_from_what_the_auditors_print() -> None:
    hole = {"id": "PYSEC-1", "fix_versions": ["2.0"]}
    said = {"dependencies": [{"name": "a", "version": "1.0", "vulns": [hole]}]}
    assert python_holes(said) == ["a 1.0: PYSEC-1, mended in 2.0"]
    found = {"vulnerabilities": {"b": {"severity": "high", "range": "<2"}}}
    assert node_holes(found) == ["b: high, in versions <2"]
    with pytest.raises(ValueError, match="1 packages were skipped"):
        python_holes({"dependencies": [{"name": "a", "skip_reason": "not found"}]})
    with pytest.raises(ValueError, match="no answer"):
        node_holes({"error": {"code": "ENOTFOUND"}})


def test_what_left_no_row_rests_for_workers_and_not_for_a_person() -> None:
    for _ in range(2):
        with pytest.raises(CommandError, match="there is no passphrase"):
            call_command("upkeep", "run", "backup")
    rest = Lease.objects.get(pk="upkeep:backup")
    assert rest.owner == ""
    assert rest.expires_at is not None
    assert rest.expires_at > timezone.now() + timedelta(minutes=50)


def test_books_that_lack_what_the_chain_has_are_a_finding(
    network: Network, wallet: Wallet, chain: Chain
) -> None:
    # Until the block of that is final.
    chain.mine(5)
    code, facts = ran("books")
    ours = f"{wallet.label} on {network.slug}: the chain has"
    assert (code, facts["unknown"]) == (1, [])
    assert any(str(one).startswith(ours) for one in facts["findings"])  # type: ignore[attr-defined]


def test_the_95th_exchange_is_known_by_its_bucket_and_counted_since_the_review_before() -> None:
    assert bound95({}) is None
    add_network("timed", 1009)
    for seconds in (*[0.03] * 96, *[3.0] * 4):
        timings.observe("timed", "timed-rpc", seconds)
    timings.flush()
    code, facts = ran("performance")
    assert facts["rpc_p95_at_most_seconds"]["timed/timed-rpc"] == "0.05"  # type: ignore[index]
    timings.observe("timed", "timed-rpc", 3.0)
    timings.flush()
    code, facts = ran("performance")
    said = "95 of 100 exchanges with timed/timed-rpc took at most 5.0 s; 2 s is the aim"
    assert code == 1
    assert said in facts["findings"]  # type: ignore[operator]
