"""Floor 1's tables."""

from wallets.models.allowances import Allowance, AllowanceScan
from wallets.models.balances import Balance, BalancePoint, BalanceSnapshot, MinimumBalance
from wallets.models.gas import GasReading
from wallets.models.limits import (
    EmergencyStop,
    Limit,
    LimitOverride,
    PolicyRule,
    ScopeKind,
    SpendReservation,
)
from wallets.models.networks import Network, RpcEndpoint, Token
from wallets.models.prices import Price, PriceFeed, PricePoint, PriceSource
from wallets.models.recipients import AddressBookEntry
from wallets.models.tallies import Tally, TallyDelta
from wallets.models.transactions import (
    Attempt,
    EndpointAnswer,
    Receipt,
    SignedRequest,
    Transaction,
    Transition,
)
from wallets.models.wakeups import Lease, WakeUp, WorkerCluster
from wallets.models.wallets import Installation, NonceLane, Wallet, WalletGroup, WalletTag

__all__ = [
    "AddressBookEntry",
    "Allowance",
    "AllowanceScan",
    "Attempt",
    "Balance",
    "BalancePoint",
    "BalanceSnapshot",
    "EmergencyStop",
    "EndpointAnswer",
    "GasReading",
    "Installation",
    "Lease",
    "Limit",
    "LimitOverride",
    "MinimumBalance",
    "Network",
    "NonceLane",
    "PolicyRule",
    "Price",
    "PriceFeed",
    "PricePoint",
    "PriceSource",
    "Receipt",
    "RpcEndpoint",
    "ScopeKind",
    "SignedRequest",
    "SpendReservation",
    "Tally",
    "TallyDelta",
    "Token",
    "Transaction",
    "Transition",
    "WakeUp",
    "Wallet",
    "WalletGroup",
    "WalletTag",
    "WorkerCluster",
]
