"""Plans, the people who make and approve them, and what the workers would do with them."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import Permission, User

from scheduling.models import Plan, PlanLine
from scheduling.plans.making import Maker, Payment, make_plan
from scheduling.plans.running import advance_plans
from scheduling.plans.services import approve_plan, run_plan
from tests.market import Market
from tests.protocols.operators import ETHER
from tests.scheduling.trading import one_round
from wallets.models import Limit, Network, Token, Wallet
from wallets.services import create_keystore_wallet, verify_wallet

ROUNDS = 80
MAKES = ("operate_plan",)
APPROVES = ("approve_plan",)


def person(name: str, *rights: str) -> User:
    """Somebody with these rights."""
    user = User.objects.create_user(name)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return user


def made_by(user: User) -> Maker:
    """What the services call them."""
    return Maker.of(user)


def allow_alone(amount: int, token: Token) -> Limit:
    """Let one person move so much of it."""
    if token.is_native:
        scope = {"scope_kind": "network", "scope_value": token.network.slug}
    else:
        scope = {"scope_kind": "token", "scope_value": f"{token.network.slug}:{token.address}"}
    return Limit.objects.create(kind=Limit.Kind.SECOND_PERSON, amount=amount, **scope)


def new_wallet(label: str, market: Market, ether: int = 0) -> Wallet:
    """A verified wallet with so much."""
    wallet = create_keystore_wallet(label=label, scrypt_n=2)
    market.rpc.call("anvil_setBalance", wallet.address, hex(ether))
    return verify_wallet(wallet=wallet)


def coin(network: Network) -> Token:
    """The network's own."""
    found, _ = Token.objects.get_or_create(
        network=network, address="", defaults={"symbol": "ETH", "decimals": 18}
    )
    return found


def pay(wallet: Wallet, to: str, token: Token, amount: int = ETHER, **fields: Any) -> Payment:
    """A payment for a test."""
    return Payment(wallet, token, amount, to, **{"purpose": "a test", **fields})


def draft(payments: Sequence[Payment], maker: Maker, kind: str = "transfer", **more: Any) -> Plan:
    """A plan nobody has approved."""
    return make_plan(kind=kind, title="a test", payments=payments, maker=maker, **more)


def run_through(plan: Plan, by: Maker, network: Network, market: Market) -> Plan:
    """Approved, run, and carried out to its end."""
    run_plan(plan=approve_plan(plan=plan, maker=by), maker=by)
    until_over(network, market)
    plan.refresh_from_db()
    return plan


def plan_round(network: Network, market: Market) -> None:
    """A pass of every worker, a block, a watch pass."""
    Plan.objects.exclude(look_at=None).update(look_at="2020-01-01T00:00Z")
    advance_plans()
    one_round(network, market)


def until_over(network: Network, market: Market) -> None:
    """Go on until no plan is running."""
    for _ in range(ROUNDS):
        plan_round(network, market)
        if not Plan.objects.filter(state="running").exists():
            return
    raise AssertionError(states())


def states(plan: Plan | None = None) -> list[tuple[str, str]]:
    """How lines stand, and why."""
    rows = PlanLine.objects.filter(plan=plan) if plan else PlanLine.objects.all()
    return list(rows.order_by("plan", "index").values_list("state", "detail"))


def native(market: Market, address: str) -> int:
    """A balance, asked by plain JSON-RPC."""
    return int(market.rpc.call("eth_getBalance", address, "latest"), 16)


def paid_on_chain(market: Market, sender: str) -> list[tuple[str, int]]:
    """To whom the sender's transactions on the chain went, and with how much, by JSON-RPC."""
    head = int(market.rpc.call("eth_blockNumber"), 16)
    blocks = [market.rpc.call("eth_getBlockByNumber", hex(one), True) for one in range(head + 1)]
    rows = [row for block in blocks for row in block["transactions"]]
    own = [row for row in rows if row["from"].lower() == sender.lower()]
    return [(row["to"].lower(), int(row["value"], 16)) for row in own]
