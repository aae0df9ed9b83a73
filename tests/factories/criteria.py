"""What people attest, and what evaluations came to."""

# mypy: disable-error-code="no-untyped-call"

from factory.declarations import SubFactory
from factory.django import DjangoModelFactory

from analytics.models import Attestation, CriterionEvaluation, CriterionResult
from tests.factories.books import CampaignFactory
from tests.factories.signing import WalletFactory
from tests.factories.values import NOON


class AttestationFactory(DjangoModelFactory[Attestation]):
    """A wallet that is on no list."""

    class Meta:
        model = Attestation

    wallet = SubFactory(WalletFactory)
    fact = "hop-sybil"
    value = 0
    source = "the published list"
    attested_at = NOON


class CriterionEvaluationFactory(DjangoModelFactory[CriterionEvaluation]):
    """One wallet that was found eligible."""

    class Meta:
        model = CriterionEvaluation

    campaign = SubFactory(CampaignFactory)
    rule_set = "arbitrum-2023"
    version = 1
    digest = "0" * 64
    confidence = "exact"
    wallets = 1
    eligible = 1
    unknown = 0
    evaluated_at = NOON


class CriterionResultFactory(DjangoModelFactory[CriterionResult]):
    """Four points, and what they were worth."""

    class Meta:
        model = CriterionResult

    evaluation = SubFactory(CriterionEvaluationFactory)
    wallet = SubFactory(WalletFactory)
    status = "eligible"
    points_from = 4
    points_to = 4
    amount_from = 875
    amount_to = 1750
