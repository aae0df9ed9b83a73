"""What may be signed: deny by default, on what the calldata really says."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from pydantic import ValidationError

from wallets.addresses import parse_address
from wallets.models import Limit, PolicyRule, Transaction
from wallets.recipients import receivers_among
from wallets.transactions.allowances import (
    AllowanceCall,
    is_known_spender,
    revoked_by,
    token_rule,
)
from wallets.transactions.arguments import CHECKS, complaints, gaps, spends_of
from wallets.transactions.calldata import CalldataError, decode_arguments
from wallets.transactions.demands import Check, Facts, Spend
from wallets.transactions.expectations import Expectations
from wallets.transactions.limits import Limits, amount_text, read_limits

# Calls inside calls inside calls: nobody needs more, and a person could not read it.
DEEPEST = 3


class PolicyRefusal(Exception):
    """The transaction is not allowed; the sentence says what would make it so."""


@dataclass(frozen=True, slots=True)
class Permit:
    """The rules that allow a transaction; the digest binds it to every fact they looked at."""

    digest: str
    code_hash: str
    spends: tuple[Spend, ...] = ()


@dataclass(slots=True)
class _Findings:
    """What judging a call found: the rules used, and what it gives away."""

    rules: list[dict[str, Any]] = field(default_factory=list)
    spends: list[Spend] = field(default_factory=list)


def check_policy(
    transaction: Transaction, limits: Limits | None = None, receivers: Set[str] | None = None
) -> Permit:
    """The permit of an allowed transaction, or PolicyRefusal. Reads the database only.

    `limits`, and who of the called addresses are `receivers`, as read in the same database
    transaction, where the caller reads them for several.
    """
    findings, code_hash = _Findings(), ""
    if transaction.value:
        findings.spends.append(Spend("", transaction.value, leaves=True))
    if revoked := revoked_by(transaction):
        code_hash = _judge_revocation(transaction, revoked, findings).code_hash
    elif transaction.data:
        rule = _judge(transaction, bytes(transaction.data), findings, depth=1)
        _require_payable(rule, transaction)
        code_hash = rule.code_hash
    else:
        _require_recipient(transaction, receivers)
    limits = limits or read_limits(transaction.lane)
    _require_within_caps(transaction, findings.spends, limits)
    return Permit(_digest(transaction, findings), code_hash, tuple(findings.spends))


def _judge_revocation(row: Transaction, revoked: AllowanceCall, findings: _Findings) -> PolicyRule:
    """Taking back from a known spender is permitted also where nothing else is any more."""
    rule = token_rule(row)
    if rule is None:
        raise PolicyRefusal(f"{row.to} is no token registered on {row.network.name}; register it")
    if not is_known_spender(row, revoked):
        raise PolicyRefusal(
            f"{revoked.spender} was never registered for allowances on {row.network.name} and "
            f"none is known that it was given; check its allowance first"
        )
    findings.rules.append(_as_fact(rule))
    return rule


def _judge(row: Transaction, data: bytes, findings: _Findings, *, depth: int) -> PolicyRule:
    """The rule that allows these bytes at the transaction's contract, or PolicyRefusal."""
    if depth > DEEPEST:
        raise PolicyRefusal(f"calls are nested deeper than {DEEPEST}; send them one by one")
    rule = _find_rule(row, data)
    checks = _read_checks(rule)
    try:
        facts = Facts(
            row=row,
            callee=parse_address(row.to),
            values=decode_arguments(rule.signature, data),
            expectations=Expectations.model_validate(row.expectations),
            now=timezone.now(),
            judge_inner=lambda inner: _judge_inner(row, inner, findings, depth + 1),
        )
        wrong = list(complaints(checks, facts))
        spends = list(spends_of(checks, facts))
    except (CalldataError, ValidationError) as error:
        raise PolicyRefusal(f"{rule.signature}: {_first_line(error)}") from error
    if wrong:
        raise PolicyRefusal(f"{rule.signature}: {'; '.join(wrong)}")
    findings.spends.extend(spends)
    findings.rules.append(_as_fact(rule))
    return rule


def _judge_inner(row: Transaction, data: bytes, findings: _Findings, depth: int) -> None:
    if not data:
        raise PolicyRefusal("an empty call is nested in the calldata")
    _judge(row, data, findings, depth=depth)


def _find_rule(row: Transaction, data: bytes) -> PolicyRule:
    # The selector in the bytes that are signed, not the one noted beside them.
    selector = f"0x{data[:4].hex()}"
    rule = PolicyRule.objects.filter(
        network=row.network_id, address=row.to, selector=selector, protocol=row.protocol
    ).first()
    if rule is None:
        raise PolicyRefusal(
            f"no rule allows {row.protocol} to call {selector} at "
            f"{row.to} on {row.network.name}; register the deployment first"
        )
    if not rule.enabled:
        raise PolicyRefusal(f"{rule.signature} at {rule.address} is off: {rule.disabled_reason}")
    if not rule.code_hash:
        raise PolicyRefusal(
            f"{rule.signature} at {rule.address} has no code on record; register it again"
        )
    return rule


def _read_checks(rule: PolicyRule) -> tuple[Check, ...]:
    try:
        checks = CHECKS.validate_python(rule.arguments)
        missing = gaps(rule.signature, checks)
    except ValueError as error:
        raise PolicyRefusal(
            f"the rule of {rule.signature} cannot be read: {_first_line(error)}"
        ) from error
    if missing:
        raise PolicyRefusal(f"the rule of {rule.signature} is not whole: {'; '.join(missing)}")
    return checks


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        detail = error.errors()[0]
        return f"{'.'.join(str(part) for part in detail['loc'])}: {detail['msg']}"
    return str(error)


def _require_payable(rule: PolicyRule, row: Transaction) -> None:
    if row.value and not rule.payable:
        raise PolicyRefusal(
            f"{rule.signature} takes no native coin, {row.value} wei would go with it"
        )


def _require_recipient(row: Transaction, receivers: Set[str] | None) -> None:
    if receivers is None:
        receivers = receivers_among({row.to}, row.network)
    if row.to not in receivers:
        raise PolicyRefusal(
            f"{row.to} is no verified wallet of this installation and no listed safe address, "
            f"nor confirmed in the address book for {row.network.name}; native coin goes to those "
            "only"
        )


def _require_within_caps(row: Transaction, spends: Sequence[Spend], limits: Limits) -> None:
    """What the call does with each token, together, is within the caps of a transaction."""
    totals: Counter[str] = Counter()
    for spend in spends:
        totals[spend.token] += spend.amount
    for token, amount in totals.items():
        for cap in limits.amounts(row, Limit.Kind.MAX_VALUE, token):
            if amount > cap:
                shown = (amount_text(row, token, number) for number in (amount, cap))
                raise PolicyRefusal("{} is above the limit of {} a transaction".format(*shown))


def _as_fact(rule: PolicyRule) -> dict[str, Any]:
    return {
        "address": rule.address,
        "signature": rule.signature,
        "code_hash": rule.code_hash,
        "payable": rule.payable,
        "arguments": rule.arguments,
    }


def _digest(row: Transaction, findings: _Findings) -> str:
    facts = {
        "chain_id": row.network.chain_id,
        "from": row.lane.wallet.address,
        "to": row.to,
        "value": str(row.value),
        "data": f"0x{bytes(row.data).hex()}",
        "protocol": row.protocol,
        "action": row.action,
        "expectations": row.expectations,
        "rules": findings.rules,
        "spends": [[one.token, str(one.amount), one.leaves] for one in findings.spends],
    }
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
