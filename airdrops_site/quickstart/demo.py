"""The demo's wallets and standing orders."""

from collections.abc import Mapping
from typing import Any

from django.db.models import F
from django.utils import timezone

from airdrops_site.devnet.manifest import DeployedNetwork, Manifest
from analytics.models import Campaign, Eligibility
from analytics.services import create_campaign, record_claimable, record_eligibility
from protocols.models import Protocol
from scheduling.models import Task
from scheduling.services import create_task
from wallets.models import Network, Token, Wallet
from wallets.services import create_keystore_wallet, verify_wallet

LABELS = ("demo-1", "demo-2", "demo-3")
# A key worth nothing: the standard work factor would only make the first start slow.
DEMO_SCRYPT_N = 2**13
CENT = 10**16  # 0.01 ETH


def ensure_wallets() -> list[Wallet]:
    """The demo wallets with keystore keys, verified."""
    return [_wallet(label) for label in LABELS]


def _wallet(label: str) -> Wallet:
    known = Wallet.objects.filter(label=label).first()
    wallet = known or create_keystore_wallet(label=label, scrypt_n=DEMO_SCRYPT_N)
    return wallet if wallet.status == Wallet.Status.VERIFIED else verify_wallet(wallet=wallet)


def ensure_tasks(
    manifest: Manifest, networks: Mapping[str, Network], wallets: list[Wallet]
) -> None:
    """The demo's tasks, made on the first start."""
    if Task.objects.exists():
        return
    first, second, third = wallets
    l1, l2 = networks["l1"], networks["l2"]
    wrap = _task("Wrap ETH", l1, "wrap", {"amount": str(CENT)}, 60, [first, second])
    _task("Unwrap WETH", l1, "unwrap", {"amount": str(CENT // 2)}, 60, [first], needs=[wrap])
    _task("Send ETH", l1, "transfer", {"to": second.address, "amount": str(CENT)}, 60, [first])
    swap = {"token_in": "native", "token_out": _address(manifest.l2, "USDC"), "amount": str(CENT)}
    _task("Swap ETH for USDC", l2, "swap", swap, 30, [first, second])
    back = {"token_in": _address(manifest.l2, "USDC"), "token_out": "native", "amount": "5000000"}
    _task("Approve and swap USDC for ETH", l2, "swap", back, 60, [third])
    usdc = {"token": _address(manifest.l2, "USDC"), "to": third.address, "amount": "1000000"}
    _task("Send USDC", l2, "transfer-token", usdc, 60, [second])
    _airdrop(manifest, l2, wallets)


def arm(*, once: bool) -> list[Task]:
    """Make every task due now: for good, or with `once` for a single further time."""
    now = timezone.now()
    repeating = Task.objects.exclude(schedule=Task.Schedule.ONCE)
    limit = F("due_count") + 1 if once else None
    repeating.update(max_occurrences=limit)
    repeating.update(next_due_at=now) if once else repeating.filter(next_due_at=None).update(
        next_due_at=now
    )
    return list(Task.objects.all())


def _task(
    name: str,
    network: Network,
    action: str,
    params: dict[str, str],
    seconds: int,
    wallets: list[Wallet],
    needs: tuple[Task, ...] | list[Task] = (),
) -> Task:
    task = Task(
        name=f"{name} on {network.name}",
        protocol=Protocol.objects.get(slug="evm"),
        action=action,
        network=network,
        params=params,
        schedule=Task.Schedule.INTERVAL,
        interval_seconds=seconds,
        starts_at=timezone.now(),
        misfire=Task.Misfire.ONCE,
    )
    return create_task(task=task, wallets={wallet: {} for wallet in wallets}, needs=needs)


def _airdrop(manifest: Manifest, network: Network, wallets: list[Wallet]) -> None:
    airdrop = manifest.airdrop
    params = {wallet: _claim_params(manifest, wallet) for wallet in wallets}
    task = Task(
        name=f"Claim the demo airdrop on {network.name}",
        protocol=Protocol.objects.get(slug="claims"),
        action="merkle-claim",
        network=network,
        schedule=Task.Schedule.ONCE,
        starts_at=timezone.now(),
    )
    campaign = create_campaign(
        slug="demo-airdrop",
        name="Demo airdrop",
        protocol=task.protocol,
        token=Token.objects.get(network=network, address=airdrop.token.contract.address),
        networks=[network],
        tasks=[create_task(task=task, wallets=params)],
        status=Campaign.Status.CLAIMABLE,
        claim_contract=airdrop.distributor.address,
    )
    for wallet in wallets:
        amount = airdrop.claim_of(wallet.address).amount
        record_eligibility(
            campaign=campaign,
            wallet=wallet,
            status=Eligibility.Status.ELIGIBLE,
            source="the devnet's own Merkle tree",
            amount=amount,
        )
        record_claimable(
            campaign=campaign,
            wallet=wallet,
            network=network,
            contract=airdrop.distributor.address,
            amount=amount,
            proof=params[wallet],
        )


def _claim_params(manifest: Manifest, wallet: Wallet) -> dict[str, Any]:
    claim = manifest.airdrop.claim_of(wallet.address)
    return {"index": claim.index, "amount": str(claim.amount), "proof": list(claim.proof)}


def _address(network: DeployedNetwork, symbol: str) -> str:
    return network.token(symbol).contract.address
