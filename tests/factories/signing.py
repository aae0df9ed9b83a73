"""Wallets, lanes, transactions and what the chain said."""

# mypy: disable-error-code="no-untyped-call"

from eth_utils.crypto import keccak
from factory.declarations import (
    LazyAttribute,
    LazyFunction,
    SelfAttribute,
    Sequence,
    SubFactory,
    Trait,
)
from factory.django import DjangoModelFactory

from tests.factories.networks import NetworkFactory
from tests.factories.values import ETHER, GWEI, NOON, a_hash, an_address
from wallets.models import (
    Attempt,
    EndpointAnswer,
    NonceLane,
    Receipt,
    SignedRequest,
    Transaction,
    Transition,
    Wallet,
    WalletGroup,
    WalletTag,
)


class WalletGroupFactory(DjangoModelFactory[WalletGroup]):
    """A group without wallets."""

    class Meta:
        model = WalletGroup

    name = Sequence(lambda n: f"group-{n}")


class WalletTagFactory(DjangoModelFactory[WalletTag]):
    """A tag that no wallet has."""

    class Meta:
        model = WalletTag

    name = Sequence(lambda n: f"tag-{n}")


class WalletFactory(DjangoModelFactory[Wallet]):
    """A verified wallet whose keystore is nowhere: it can be shown, not sign."""

    class Meta:
        model = Wallet

    label = Sequence(lambda n: f"wallet-{n}")
    address = Sequence(lambda n: an_address(f"wallet {n}"))
    signer_kind = Wallet.SignerKind.KEYSTORE
    signer_reference = LazyAttribute(lambda row: f"{row.label}.json")
    status = Wallet.Status.VERIFIED


class NonceLaneFactory(DjangoModelFactory[NonceLane]):
    """A lane from nonce 0."""

    class Meta:
        model = NonceLane

    wallet = SubFactory(WalletFactory)
    network = SubFactory(NetworkFactory)
    baseline_nonce = 0


class TransactionFactory(DjangoModelFactory[Transaction]):
    """A queued transfer; `final=True` for one with its nonce and outcome."""

    class Meta:
        model = Transaction

    class Params:
        final = Trait(state="final", outcome="succeeded", nonce=Sequence(lambda n: n))

    lane = SubFactory(NonceLaneFactory)
    network = SelfAttribute("lane.network")
    idempotency_key = Sequence(lambda n: f"factory:{n}")
    origin = "factory"
    protocol = "evm"
    action = "transfer"
    to = Sequence(lambda n: an_address(f"recipient {n}"))
    value = ETHER
    data = b"\xa9\x05\x9c\xbb"
    selector = "0xa9059cbb"


class AttemptFactory(DjangoModelFactory[Attempt]):
    """The accepted original form of a final transaction."""

    class Meta:
        model = Attempt

    transaction = SubFactory(TransactionFactory, final=True)
    lane = SelfAttribute("transaction.lane")
    nonce = LazyAttribute(lambda row: row.transaction.nonce or 0)
    kind = Attempt.Kind.ORIGINAL
    raw = Sequence(lambda n: keccak(text=f"raw {n}") * 3)
    hash = Sequence(a_hash)
    gas_limit = 21_000
    max_fee_per_gas = 2 * GWEI
    max_priority_fee_per_gas = GWEI
    state = "accepted"
    times_sent = 1
    last_sent_at = NOON


class EndpointAnswerFactory(DjangoModelFactory[EndpointAnswer]):
    """An endpoint that took the bytes."""

    class Meta:
        model = EndpointAnswer

    attempt = SubFactory(AttemptFactory)
    endpoint = Sequence(lambda n: f"endpoint-{n}")
    sending = 1
    answer = "accepted"
    text = LazyAttribute(lambda row: f"{row.endpoint}: accepted")
    at = NOON


class ReceiptFactory(DjangoModelFactory[Receipt]):
    """The canonical receipt of a transfer that succeeded."""

    class Meta:
        model = Receipt

    attempt = SubFactory(AttemptFactory)
    transaction = SelfAttribute("attempt.transaction")
    block_number = Sequence(lambda n: 5_000 + n)
    block_hash = Sequence(lambda n: a_hash(f"block {n}"))
    block_at = NOON
    succeeded = True
    gas_used = 21_000
    effective_gas_price = 2 * GWEI
    fee = 42_000 * GWEI


class TransitionFactory(DjangoModelFactory[Transition]):
    """A line of history."""

    class Meta:
        model = Transition

    subject = "transaction"
    subject_id = Sequence(lambda n: n + 1)
    to_state = "queued"
    actor = "factory"
    at = NOON


class SignedRequestFactory(DjangoModelFactory[SignedRequest]):
    """An exchange order that was signed and acknowledged."""

    class Meta:
        model = SignedRequest

    idempotency_key = Sequence(lambda n: f"request:{n}")
    wallet = SubFactory(WalletFactory)
    origin = "factory"
    protocol = "hyperliquid"
    action = "order"
    client_id = Sequence(lambda n: f"client-{n}")
    payload = LazyFunction(lambda: {"size": "1"})
    request_nonce = Sequence(lambda n: n)
    signature = Sequence(lambda n: keccak(text=f"signature {n}") * 2)
    state = "acknowledged"
