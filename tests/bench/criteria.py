"""Evaluating 10,000 wallets with 1,000,000 transactions, beside a loop over the wallets.

`python -m tests.bench.criteria`; AIRDROPS_TEST_DATABASE=sqlite for the other database. Both work
out what the rules of Arbitrum 2023 ask for from the same rows and the same indexes.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from random import Random
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.db import connection, reset_queries  # noqa: E402
from django.db.models import Count, Max, Min, Q, Sum  # noqa: E402

from analytics.criteria import ranges  # noqa: E402
from analytics.criteria.evaluation import Judge, WalletStanding, evaluate  # noqa: E402
from analytics.criteria.library import get_rule_set  # noqa: E402
from analytics.criteria.metric_models import TransactionMetric  # noqa: E402
from analytics.criteria.metrics.asking import Coverage  # noqa: E402
from analytics.criteria.metrics.transactions import Key  # noqa: E402
from analytics.criteria.ranges import Range  # noqa: E402
from analytics.criteria.rule_sets import RuleSet  # noqa: E402
from analytics.models import ChainTransaction, ChainTransfer  # noqa: E402
from tests.scratch import prepare  # noqa: E402
from wallets.amounts import SumAmount  # noqa: E402
from wallets.models import Network, Wallet  # noqa: E402

WALLETS = int(os.environ.get("BENCH_CRITERIA_WALLETS", "10000"))
EACH = int(os.environ.get("BENCH_CRITERIA_TRANSACTIONS", "100"))
START, SECONDS = datetime(2021, 9, 1, tzinfo=UTC), 520 * 86_400
NITRO = 22_207_817


def main() -> None:
    """Fill, evaluate both ways, compare."""
    prepare("bench-criteria")
    rules = get_rule_set("arbitrum-2023").rules
    networks = _fill(rules)
    _say("evaluating the set")
    began = time.monotonic()
    ours = evaluate(rules, assume_complete=True)
    set_seconds = time.monotonic() - began
    _say(f"{set_seconds:.2f} s; evaluating wallet by wallet")
    began = time.monotonic()
    looped = list(_loop(rules, networks))
    loop_seconds = time.monotonic() - began
    figures = {
        "database": connection.vendor,
        "wallets": WALLETS,
        "transactions": ChainTransaction.objects.count(),
        "set_seconds": round(set_seconds, 2),
        "set_queries": _queries(rules),
        "loop_seconds": round(loop_seconds, 2),
        "ratio": round(set_seconds / loop_seconds, 4),
        "identical": ours == looped,
        "eligible": sum(one.points is not None and one.points[1] >= 3 for one in ours),
    }
    print(json.dumps(figures, indent=2))  # noqa: T201


def _queries(rules: RuleSet) -> int:
    connection.force_debug_cursor = True
    reset_queries()
    evaluate(rules, assume_complete=True, wallets=[1])
    connection.force_debug_cursor = False
    return len(connection.queries)


def _fill(rules: RuleSet) -> dict[str, int]:
    """The same history every time."""
    _say(f"ground: {WALLETS} wallets with {EACH} transactions each")
    networks = {
        name: Network.objects.get_or_create(
            chain_id=chain, defaults={"slug": f"bench-{name}", "name": name, "kind": "mainnet"}
        )[0].pk
        for name, chain in rules.networks.items()
    }
    Wallet.objects.bulk_create(
        Wallet(
            label=f"w-{number}",
            address=f"0x{number << 64:040x}",
            signer_kind="watch_only",
        )
        for number in range(1, WALLETS + 1)
    )
    keys = list(Wallet.objects.order_by("pk").values_list("pk", flat=True))
    recipients = [
        *_recipients(rules, "one_bridgings"),
        *(f"0x{number:040x}" for number in range(1000, 1300)),
    ]
    random = Random(7)
    for place in range(0, len(keys), 500):
        rows = (
            _row(random, key, number, networks, recipients)
            for key in keys[place : place + 500]
            for number in range(EACH)
        )
        ChainTransaction.objects.bulk_create(rows, batch_size=2000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return networks


def _row(
    random: Random, wallet: int, number: int, networks: dict[str, int], recipients: list[str]
) -> ChainTransaction:
    name = random.choices(("one", "nova", "ethereum"), (80, 10, 10))[0]
    at = START + timedelta(seconds=random.randrange(SECONDS))
    return ChainTransaction(
        network_id=networks[name],
        wallet_id=wallet,
        hash=f"0x{wallet:032x}{number:032x}",
        # Blocks and moments in the same order, with Nitro where it was.
        block_number=int((at - START).total_seconds() * NITRO / 31_500_000),
        block_at=at,
        recipient=recipients[
            0
            if name == "ethereum" and random.random() < 0.3
            else random.randrange(2, 2 + wallet % 90 + 1)
        ],
        value=0,
        fee=10**13,
        succeeded=random.random() < 0.98,
        to_contract=random.choice((True, True, True, False, None)),
        app=True,
        volume_cents=random.randrange(0, 200_000),
        bridged_cents=random.randrange(0, 2_000_000) if name == "ethereum" else None,
        fee_cents=random.randrange(0, 300),
        source="rpc",
    )


def _loop(rules: RuleSet, networks: dict[str, int]) -> Iterator[WalletStanding]:
    """As one would write it: per wallet a question for each thing, the same index for all."""
    judge = Judge(rules)
    coverage = Coverage({}, assumed=True)
    ends = {
        "": (58_642_081, datetime(2023, 2, 7, tzinfo=UTC)),
        "nitro": (NITRO, datetime(2022, 8, 31, 14, 32, 22, tzinfo=UTC)),
    }
    with localcontext(prec=ranges.PRECISION):
        for number, wallet in enumerate(Wallet.objects.order_by("pk").iterator(), 1):
            measured: dict[Key, Range] = {}
            for moment, (block, end) in ends.items():
                found = _of_wallet(rules, wallet, networks, block, end)
                measured |= {(moment, name): found[name] for name in rules.metrics_at(moment)}
            yield judge.stand(wallet.pk, measured, coverage)
            if number % 1000 == 0:
                _say(f"{number} of {WALLETS} wallets")


def _of_wallet(
    rules: RuleSet, wallet: Wallet, networks: dict[str, int], block: int, end: datetime
) -> dict[str, Range]:
    rows = ChainTransaction.objects.filter(wallet=wallet, succeeded=True).order_by()
    one = rows.filter(network=networks["one"], block_number__lt=block)
    nova = rows.filter(network=networks["nova"], block_at__lt=end)
    ethereum = rows.filter(network=networks["ethereum"], block_at__lt=end)
    sums = one.aggregate(
        count=Count("pk"), volume=Sum("volume_cents"), first=Min("block_at"), last=Max("block_at")
    )
    contracts = one.exclude(recipient="")
    sure = contracts.filter(to_contract=True).aggregate(n=Count("recipient", distinct=True))["n"]
    maybe = contracts.filter(Q(to_contract=True) | Q(to_contract=None))
    most = maybe.aggregate(n=Count("recipient", distinct=True))["n"]
    months = one.dates("block_at", "month").count()
    span = (sums["last"] - sums["first"]).total_seconds() if sums["count"] else 0
    return {
        "one_transactions": _exactly(sums["count"]),
        "one_contracts": (Decimal(sure), Decimal(most)),
        "one_months": _exactly(months),
        "one_volume": _exactly(Decimal(sums["volume"] or 0) / 100),
        "one_span": _exactly(Decimal(int(span)) / 3600),
        "nova_transactions": _exactly(nova.count()),
        **_bridged(rules, ethereum),
        "one_balance": _balance(wallet, networks["one"], block),
        "hop_sybil": ranges.MAYBE,
    }


def _balance(wallet: Wallet, network: int, block: int) -> Range:
    """No coin came in, so that fees were paid from nothing known."""
    before = Q(wallet=wallet, network=network, block_number__lt=block)
    moved = ChainTransfer.objects.filter(before, token_address="").order_by()
    came = moved.values("direction").annotate(total=SumAmount("amount"))
    paid = ChainTransaction.objects.filter(before).aggregate(total=SumAmount("fee"))["total"]
    return ranges.UNKNOWN if paid > sum(one["total"] for one in came) else ranges.NO


def _bridged(rules: RuleSet, ethereum: Any) -> dict[str, Range]:
    into_one = ethereum.filter(recipient__in=_recipients(rules, "one_bridgings"))
    into_nova = ethereum.filter(recipient__in=_recipients(rules, "nova_bridgings"))
    sums = into_one.aggregate(count=Count("pk"), cents=Sum("bridged_cents"))
    return {
        "one_bridgings": _exactly(sums["count"]),
        "one_bridged": _exactly(Decimal(sums["cents"] or 0) / 100),
        "nova_bridgings": _exactly(into_nova.count()),
    }


def _recipients(rules: RuleSet, name: str) -> tuple[str, ...]:
    metric = rules.metrics[name]
    assert isinstance(metric, TransactionMetric)
    return metric.recipients


def _exactly(number: int | Decimal) -> Range:
    return ranges.exactly(number)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main()
