"""Allowances in calldata, and the one call that is always permitted: taking one back."""

from dataclasses import dataclass

from eth_typing import ChecksumAddress

from wallets.addresses import parse_address
from wallets.models import Allowance, PolicyRule, Transaction
from wallets.transactions.calldata import CalldataError, decode_arguments, selector_of

APPROVE = "approve(address,uint256)"
SELECTOR = selector_of(APPROVE)
# The one address at which Uniswap deployed it on every chain it supports:
# npm:@uniswap/permit2-sdk@1.4.0 PERMIT2_ADDRESS.
PERMIT2 = parse_address("0x000000000022D473030F116dDEE9F6B43aC78BA3")
# token, spender, amount, expiration
APPROVE_THROUGH = "approve(address,address,uint160,uint48)"
# The action of a transaction that takes an allowance back, whoever gave it.
REVOKE = "revoke"


def allowance_name(token: str, spender: str) -> str:
    """What plans call a wallet's allowance that they rely on."""
    return f"allowance:{token}:{spender}"


@dataclass(frozen=True, slots=True)
class AllowanceCall:
    """What an approve of an ERC-20, or of Permit2, sets, in the token's base units."""

    token: ChecksumAddress
    spender: ChecksumAddress
    amount: int
    # Empty where the token itself keeps it.
    through: str = ""

    @property
    def name(self) -> str:
        """What plans call it."""
        return allowance_name(self.token, self.spender)


def read_allowance_call(to: str, data: bytes) -> AllowanceCall | None:
    """The allowance these bytes set at a token; None for any other call."""
    try:
        spender, amount = decode_arguments(APPROVE, data)
    except CalldataError:
        return None
    return AllowanceCall(parse_address(to), spender, amount)


def revoked_by(row: Transaction) -> AllowanceCall | None:
    """The allowance a revocation takes back; None for every other transaction.

    Judged by the bytes that are signed: a revocation can do nothing but set an allowance to zero.
    """
    if row.action != REVOKE or row.value:
        return None
    data = bytes(row.data)
    call = _read_inner_call(data) if row.to == PERMIT2 else read_allowance_call(row.to, data)
    return call if call and call.amount == 0 else None


def _read_inner_call(data: bytes) -> AllowanceCall | None:
    """What Permit2 is told to let a spender take."""
    try:
        token, spender, amount, _expiration = decode_arguments(APPROVE_THROUGH, data)
    except CalldataError:
        return None
    return AllowanceCall(token, spender, amount, through=PERMIT2)


def token_rule(row: Transaction) -> PolicyRule | None:
    """The rule, in force or not, that says which code the called contract must carry.

    Only of an ERC-20's approve: an NFT's has the same selector, and a number instead of an amount.
    Of Permit2 it is the rule that registered it as a spender.
    """
    if row.to == PERMIT2:
        registered = PolicyRule.objects.filter(
            network=row.network_id, address=PERMIT2, selector=PolicyRule.ALLOWANCE
        )
        return registered.exclude(code_hash="").order_by("-enabled", "pk").first()
    known = PolicyRule.objects.filter(network=row.network_id, address=row.to, selector=SELECTOR)
    vouched = known.exclude(code_hash="").order_by("-enabled", "pk")
    return next((rule for rule in vouched if _is_erc20s(rule)), None)


def is_known_spender(row: Transaction, call: AllowanceCall) -> bool:
    """Whether the spender was ever registered, or found with an allowance of the wallet."""
    registered = PolicyRule.objects.filter(
        network=row.network_id, address=call.spender, selector=PolicyRule.ALLOWANCE
    )
    found = Allowance.objects.filter(
        wallet=row.lane.wallet_id,
        token__network=row.network_id,
        token__address=call.token,
        spender=call.spender,
        through=call.through,
    )
    return registered.exists() or found.exists()


def _is_erc20s(rule: PolicyRule) -> bool:
    checks = rule.arguments if isinstance(rule.arguments, list) else []
    return any(isinstance(one, dict) and one.get("check") == "allowance_amount" for one in checks)
