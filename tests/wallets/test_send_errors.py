"""What nodes' words mean for bytes that were sent; words nobody knows mean nothing."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from wallets.chain.errors import (
    ChainError,
    NotReached,
    RateLimited,
    RpcError,
    RpcUnavailable,
    SendAnswer,
    WrongChain,
    classify_send,
    is_rate_limit,
)

TABLE = Path(__file__).with_name("fixtures") / "send_errors.toml"
ANSWERS: list[dict[str, Any]] = tomllib.loads(TABLE.read_text())["answer"]
CLIENTS = {"geth", "erigon", "nethermind", "reth", "anvil", "besu", "zksync", "arbitrum", "scroll"}
PROVIDERS = {"op-geth", "alchemy", "infura", "quicknode", "ankr", "chainstack", "drpc", "proxyd"}


def named(answer: dict[str, Any]) -> str:
    return f"{answer['client']}-{answer['message'][:40]}"


@pytest.mark.parametrize("answer", ANSWERS, ids=named)
def test_the_words_of(answer: dict[str, Any]) -> None:
    error = RpcError(answer["code"], answer["message"])
    assert classify_send(error) == SendAnswer(answer["expect"])


@pytest.mark.parametrize("answer", ANSWERS, ids=named)
def test_words_wrapped_by_a_proxy_mean_the_same(answer: dict[str, Any]) -> None:
    wrapped = f"[Request 7] upstream said: {answer['message'].upper()}"
    assert classify_send(RpcError(answer["code"], wrapped)) == SendAnswer(answer["expect"])


def test_every_client_and_provider_is_in_the_table_with_its_source() -> None:
    assert {answer["client"] for answer in ANSWERS} >= CLIENTS | PROVIDERS
    assert all(answer["source"] for answer in ANSWERS)


def test_every_refusal_has_been_heard() -> None:
    told = {answer["expect"] for answer in ANSWERS}
    assert told == {*SendAnswer} - {SendAnswer.ACCEPTED, SendAnswer.NOT_SENT}


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (RpcUnavailable("a did not answer"), SendAnswer.AMBIGUOUS),
        (ChainError("anything"), SendAnswer.AMBIGUOUS),
        (NotReached("a did not answer: ConnectError"), SendAnswer.NOT_SENT),
        (WrongChain("a is chain 1"), SendAnswer.NOT_SENT),
        (RateLimited("a answered HTTP 429"), SendAnswer.RATE_LIMITED),
    ],
)
def test_what_is_no_nodes_word(error: ChainError, answer: SendAnswer) -> None:
    assert classify_send(error) == answer


def test_a_revert_is_no_rate_limit_whatever_it_says() -> None:
    assert not is_rate_limit(RpcError(3, "execution reverted: RateLimitExceeded"))
    assert not is_rate_limit(RpcError(-32000, "VM Exception: revert rate limit exceeded"))
    assert is_rate_limit(RpcError(-32000, "rate limit exceeded"))
