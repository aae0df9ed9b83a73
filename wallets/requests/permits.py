"""ERC-2612 permits: a signature that lets a spender take tokens, judged as the `approve` it is."""

from typing import Annotated

from django.utils import timezone
from eth_abi.abi import encode
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from wallets.addresses import parse_address
from wallets.models import NonceLane, SignedRequest, Transaction
from wallets.signers.interface import TypedMessage
from wallets.transactions.expectations import Expectations, Units
from wallets.transactions.guards import ALLOWED, Answer, Verdict
from wallets.transactions.limits import read_limits
from wallets.transactions.policy import PolicyRefusal, check_policy

Address = Annotated[str, AfterValidator(parse_address)]

# What a permit allows can be taken until then, whatever is stopped meanwhile.
MOST_SECONDS = 30 * 60
_APPROVE = bytes.fromhex("095ea7b3")
_TYPES = {
    "EIP712Domain": [
        {"name": "name", "type": "string"},
        {"name": "version", "type": "string"},
        {"name": "chainId", "type": "uint256"},
        {"name": "verifyingContract", "type": "address"},
    ],
    "Permit": [
        {"name": "owner", "type": "address"},
        {"name": "spender", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ],
}


class PermitPayload(BaseModel):
    """What a permit says; `needed` is what the next step takes, in base units."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: Address
    token_name: str
    token_version: str
    token_nonce: int = Field(ge=0)
    spender: Address
    amount: Units
    needed: Units
    deadline: int


class Erc20Permit:
    """Signed where the same protocol could have `approve` called with these values."""

    frees = False

    def typed_message(self, request: SignedRequest) -> TypedMessage:
        """As the token's own contract hashes it."""
        said = PermitPayload.model_validate(request.payload)
        return {
            "types": _TYPES,
            "primaryType": "Permit",
            "domain": {
                "name": said.token_name,
                "version": said.token_version,
                "chainId": request.network.chain_id if request.network else 0,
                "verifyingContract": said.token,
            },
            "message": {
                "owner": request.wallet.address,
                "spender": said.spender,
                "value": said.amount,
                "nonce": said.token_nonce,
                "deadline": said.deadline,
            },
        }

    def judge(self, request: SignedRequest) -> Verdict:
        """The policy of `approve`, and a deadline that is near."""
        if request.network is None:
            return Verdict(Answer.REFUSE, "a permit counts on one network; none is named")
        try:
            said = PermitPayload.model_validate(request.payload)
            check_policy(_as_approve(request, said), read_limits(_lane(request)))
        except ValidationError as error:
            found = error.errors()[0]
            place = ".".join(str(part) for part in found["loc"])
            return Verdict(Answer.REFUSE, f"the permit's {place}: {found['msg']}")
        except PolicyRefusal as refusal:
            return Verdict(Answer.REFUSE, str(refusal))
        left = said.deadline - int(timezone.now().timestamp())
        if not 0 < left <= MOST_SECONDS:
            return Verdict(
                Answer.REFUSE,
                f"the permit's deadline is {left} seconds away; at most {MOST_SECONDS} are signed",
            )
        return ALLOWED


def _lane(request: SignedRequest) -> NonceLane:
    return NonceLane(wallet=request.wallet, network=request.network)


def _as_approve(request: SignedRequest, said: PermitPayload) -> Transaction:
    """The call that would allow the same; never stored, never signed."""
    return Transaction(
        lane=_lane(request),
        network=request.network,
        protocol=request.protocol,
        action=request.action,
        to=said.token,
        data=_APPROVE + encode(["address", "uint256"], [said.spender, said.amount]),
        expectations=Expectations(allowance=said.needed).as_json(),
    )
