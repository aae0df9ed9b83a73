"""What may be signed: deny by default, on what the calldata really says."""

import hashlib
from dataclasses import dataclass

from django.db.models import Q

from wallets.models import Limit, PolicyRule, ScopeKind, Transaction, Wallet


class PolicyRefusal(Exception):
    """The transaction is not allowed; the sentence says what would make it so."""


@dataclass(frozen=True, slots=True)
class Permit:
    """The rule that allows a transaction; the digest binds it to what was allowed."""

    digest: str
    code_hash: str


def check_policy(transaction: Transaction) -> Permit:
    """The permit of an allowed transaction, or PolicyRefusal."""
    rule = _rule(transaction) if transaction.data else None
    if rule is None:
        _check_own_recipient(transaction)
    _check_value(transaction)
    facts = (transaction.network.chain_id, transaction.to, transaction.selector, transaction.value)
    text = repr((facts, rule.signature if rule else "transfer"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Permit(digest, rule.code_hash if rule else "")


def limits_for(transaction: Transaction, kind: str) -> list[int]:
    """The amounts of every enabled limit of this kind that covers the transaction."""
    scopes = (
        Q(scope_kind=ScopeKind.EVERYTHING)
        | Q(scope_kind=ScopeKind.NETWORK, scope_value=transaction.network.slug)
        | Q(scope_kind=ScopeKind.PROTOCOL, scope_value=transaction.protocol)
        | Q(scope_kind=ScopeKind.ACTION, scope_value=transaction.action)
        | Q(scope_kind=ScopeKind.WALLET, scope_value=transaction.lane.wallet.label)
    )
    return list(
        Limit.objects.filter(scopes, kind=kind, enabled=True).values_list("amount", flat=True)
    )


def _rule(transaction: Transaction) -> PolicyRule:
    rules = PolicyRule.objects.filter(
        network=transaction.network,
        address=transaction.to,
        selector=transaction.selector,
        protocol=transaction.protocol,
    )
    rule = rules.first()
    if rule is None:
        raise PolicyRefusal(
            f"no rule allows {transaction.protocol} to call {transaction.selector or 'nothing'} at "
            f"{transaction.to} on {transaction.network.name}; register the deployment first"
        )
    if not rule.enabled:
        raise PolicyRefusal(f"{rule.signature} at {rule.address} is off: {rule.disabled_reason}")
    return rule


def _check_own_recipient(transaction: Transaction) -> None:
    own = Wallet.objects.filter(address=transaction.to).exclude(status=Wallet.Status.RETIRED)
    if not own.exists():
        raise PolicyRefusal(
            f"{transaction.to} is not a wallet of this installation; native coin goes to own "
            "wallets only"
        )


def _check_value(transaction: Transaction) -> None:
    for cap in limits_for(transaction, Limit.Kind.MAX_VALUE):
        if transaction.value > cap:
            raise PolicyRefusal(f"the value {transaction.value} wei is above the limit {cap} wei")
