"""Rows of every table that hold together: one call makes what a row needs around it.

`TaskFactory.create(name="x")` is typed as a Task; the shorter `TaskFactory()` is not.
"""

from tests.factories.books import (
    CampaignFactory,
    ClaimFactory,
    EligibilityFactory,
    LedgerCursorFactory,
    LedgerEntryFactory,
    UnbookedFactory,
)
from tests.factories.calls import ApprovedCallFactory
from tests.factories.holdings import (
    BalanceFactory,
    BalancePointFactory,
    BalanceSnapshotFactory,
    MinimumBalanceFactory,
    PriceFactory,
    PriceFeedFactory,
)
from tests.factories.networks import (
    NativeCoinFactory,
    NetworkFactory,
    RpcEndpointFactory,
    TokenFactory,
)
from tests.factories.people import UserFactory
from tests.factories.plans import PlanFactory, PlanLineFactory
from tests.factories.recipients import AddressBookEntryFactory
from tests.factories.safety import (
    AllowanceFactory,
    AllowanceScanFactory,
    LeaseFactory,
    LimitFactory,
    PolicyRuleFactory,
    SpendReservationFactory,
    WakeUpFactory,
    WorkerClusterFactory,
)
from tests.factories.signing import (
    AttemptFactory,
    EndpointAnswerFactory,
    NonceLaneFactory,
    ReceiptFactory,
    SignedRequestFactory,
    TransactionFactory,
    TransitionFactory,
    WalletFactory,
    WalletGroupFactory,
    WalletTagFactory,
)
from tests.factories.values import ETHER, GWEI, NOON, a_hash, an_address
from tests.factories.work import (
    DeploymentFactory,
    OccurrenceFactory,
    PauseFactory,
    ProtocolFactory,
    RunAllowanceFactory,
    RunFactory,
    StepFactory,
    TaskDependencyFactory,
    TaskFactory,
    TaskWalletFactory,
)

__all__ = [
    "AddressBookEntryFactory",
    "ApprovedCallFactory",
    "BalanceFactory",
    "BalancePointFactory",
    "BalanceSnapshotFactory",
    "MinimumBalanceFactory",
    "PriceFactory",
    "PriceFeedFactory",
    "AllowanceFactory",
    "AllowanceScanFactory",
    "AttemptFactory",
    "CampaignFactory",
    "ClaimFactory",
    "DeploymentFactory",
    "ETHER",
    "EligibilityFactory",
    "EndpointAnswerFactory",
    "GWEI",
    "LeaseFactory",
    "LedgerCursorFactory",
    "LedgerEntryFactory",
    "LimitFactory",
    "NOON",
    "NativeCoinFactory",
    "NetworkFactory",
    "NonceLaneFactory",
    "OccurrenceFactory",
    "PauseFactory",
    "PlanFactory",
    "PlanLineFactory",
    "PolicyRuleFactory",
    "ProtocolFactory",
    "ReceiptFactory",
    "RpcEndpointFactory",
    "RunAllowanceFactory",
    "RunFactory",
    "SignedRequestFactory",
    "SpendReservationFactory",
    "StepFactory",
    "TaskDependencyFactory",
    "TaskFactory",
    "TaskWalletFactory",
    "TokenFactory",
    "TransactionFactory",
    "TransitionFactory",
    "UnbookedFactory",
    "UserFactory",
    "WakeUpFactory",
    "WalletFactory",
    "WalletGroupFactory",
    "WalletTagFactory",
    "WorkerClusterFactory",
    "a_hash",
    "an_address",
]
