"""What chains say wallets did."""

# mypy: disable-error-code="no-untyped-call"

from factory.declarations import SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from analytics.models import ChainScan, ChainTransaction, ChainTransfer, Source
from tests.factories.networks import NetworkFactory, TokenFactory
from tests.factories.signing import WalletFactory
from tests.factories.values import ETHER, GWEI, NOON, a_hash, an_address


class ChainTransactionFactory(DjangoModelFactory[ChainTransaction]):
    """A call of a contract, as a node told it."""

    class Meta:
        model = ChainTransaction

    network = SubFactory(NetworkFactory)
    wallet = SubFactory(WalletFactory)
    hash = Sequence(lambda n: a_hash(f"past {n}"))
    block_number = 100
    block_at = NOON
    nonce = Sequence(lambda n: n)
    recipient = Sequence(lambda n: an_address(f"contract {n}"))
    value = ETHER
    fee = 21_000 * GWEI
    succeeded = True
    to_contract = True
    app = True
    source = Source.RPC


class ChainTransferFactory(DjangoModelFactory[ChainTransfer]):
    """Two and a half tokens that came in."""

    class Meta:
        model = ChainTransfer

    token = SubFactory(TokenFactory)
    network = SelfAttribute("token.network")
    wallet = SubFactory(WalletFactory)
    hash = Sequence(lambda n: a_hash(f"moved {n}"))
    place = 0
    direction = ChainTransfer.Direction.IN
    token_address = SelfAttribute("token.address")
    counterparty = Sequence(lambda n: an_address(f"sender {n}"))
    amount = 2_500_000
    block_number = 100
    block_at = NOON
    source = Source.RPC


class ChainScanFactory(DjangoModelFactory[ChainScan]):
    """A hundred blocks that were read."""

    class Meta:
        model = ChainScan

    wallet = SubFactory(WalletFactory)
    network = SubFactory(NetworkFactory)
    first_block = 1
    last_block = 100
    read_at = NOON
