"""Wallets whose figures or histories are told by the test."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

from analytics.criteria import ranges
from analytics.criteria.evaluation import Judge, WalletStanding, evaluate
from analytics.criteria.library import get_rule_set
from analytics.criteria.metric_models import FactMetric
from analytics.criteria.metrics.asking import Coverage
from analytics.criteria.metrics.transactions import Key
from analytics.criteria.ranges import Range
from analytics.criteria.rule_sets import RuleSet
from analytics.models import ChainScan, ChainTransaction, ChainTransfer
from tests import factories
from tests.factories import a_hash, an_address
from wallets.models import Network, Wallet

ALL = Coverage({}, assumed=True)
type Told = float | str | Range | None


def known(told: Told) -> Range:
    """A number that is known; None is what nobody knows."""
    if isinstance(told, tuple):
        return told
    return ranges.UNKNOWN if told is None else ranges.exactly(Decimal(str(told)))


def stand(slug: str, *, nitro: Any = None, **told: Any) -> WalletStanding:
    """Where a wallet with these figures stands; all that is not told is 0, and known."""
    rules = get_rule_set(slug).rules
    for name in (*told, *(nitro or {})):
        assert name in rules.metrics, name
    measured: dict[Key, Range] = {}
    for moment, figures in (("", told), *((one, nitro or {}) for one in rules.moments)):
        for name in rules.metrics_at(moment):
            measured[moment, name] = known(figures.get(name, 0))
    with localcontext(prec=ranges.PRECISION):
        return Judge(rules).stand(1, measured, ALL)


def amount(standing: WalletStanding) -> tuple[float, float]:
    """In tokens, from and to."""
    assert standing.amount is not None
    return _floats(standing.amount)


def points(standing: WalletStanding) -> tuple[float, float]:
    """From and to."""
    assert standing.points is not None
    return _floats(standing.points)


def _floats(found: Range) -> tuple[float, float]:
    return float(found[0]), float(found[1])


def met(standing: WalletStanding) -> set[str]:
    """The rules that are met for certain."""
    return {one.rule for one in standing.rules if one.met}


@dataclass(slots=True)
class History:
    """A wallet on the networks of a rule set, with what it did there."""

    rules: RuleSet
    wallet: Wallet = field(default_factory=factories.WalletFactory.create)
    networks: dict[str, Network] = field(default_factory=dict)
    count: int = 0

    @classmethod
    def of(cls, rules: RuleSet, *, read: bool = True) -> "History":
        """All networks there, and read to the end unless told otherwise."""
        told = cls(rules)
        for name, chain in rules.networks.items():
            told.networks[name] = Network.objects.filter(
                chain_id=chain
            ).first() or factories.NetworkFactory.create(chain_id=chain)
            if read:
                told.read(name)
        return told

    def read(self, name: str) -> None:
        ChainScan.objects.create(
            wallet=self.wallet,
            network=self.networks[name],
            first_block=0,
            last_block=10**12,
            read_at=datetime(2026, 1, 1, tzinfo=UTC),
            final_at=datetime(2100, 1, 1, tzinfo=UTC),
        )

    def sent(self, network: str, at: str | datetime, **more: Any) -> ChainTransaction:
        """A transaction to a contract, an app's, that cost nothing and moved nothing."""
        self.count += 1
        values = {
            "hash": a_hash(f"{self.wallet.pk} {self.count}"),
            "block_number": self.count,
            "recipient": an_address("app"),
            "value": 0,
            "fee": 0,
            "fee_cents": 0,
            "volume_cents": 0,
            "succeeded": True,
            "to_contract": True,
            "app": True,
            "source": "rpc",
        }
        return ChainTransaction.objects.create(
            network=self.networks[network], wallet=self.wallet, block_at=when(at), **values | more
        )

    def got(self, network: str, token: str, tokens: str, at: str, **more: Any) -> ChainTransfer:
        """So many tokens of 18 decimals came in, or went out."""
        self.count += 1
        return ChainTransfer.objects.create(
            network=self.networks[network],
            wallet=self.wallet,
            hash=a_hash(f"{self.wallet.pk} {self.count}"),
            place=0,
            token_address=token,
            amount=int(Decimal(tokens).scaleb(18)),
            block_number=self.count,
            block_at=when(at),
            **{"direction": "in", "source": "explorer", **more},
        )

    def attested(self, **facts: Told) -> None:
        for name, value in facts.items():
            factories.AttestationFactory.create(
                wallet=self.wallet, fact=name.replace("_", "-"), value=Decimal(str(value))
            )

    def standing(self, **options: Any) -> WalletStanding:
        """As evaluated from the database."""
        [found] = evaluate(self.rules, wallets=[self.wallet.pk], **options)
        return found

    def found(self, metric: str) -> tuple[float, float]:
        """What the evaluation found, through a rule that asks for the metric."""
        asks = [ask for rule in self.standing().rules for ask in rule.asks]
        return next(_floats(ask.found) for ask in asks if ask.metric == metric)


def history(slug: str, *, read: bool = True) -> History:
    """A wallet on the networks of a shipped rule set."""
    return History.of(get_rule_set(slug).rules, read=read)


def when(told: str | datetime) -> datetime:
    """A day or a moment, in UTC."""
    if isinstance(told, datetime):
        return told
    return datetime.fromisoformat(told).replace(tzinfo=UTC)


def days(start: str, count: int, step: int = 1) -> list[datetime]:
    """So many days from one on."""
    return [when(start) + timedelta(days=step * number) for number in range(count)]


def facts_of(rules: RuleSet) -> set[str]:
    """What has to be attested."""
    return {one.fact for one in rules.metrics.values() if isinstance(one, FactMetric)}
