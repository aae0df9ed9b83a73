"""The plainest script: web3.py signs, sends and waits, in one process."""

import time
from collections.abc import Sequence
from typing import Any, cast

from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.types import TxParams

TRANSFER_GAS = 21_000
GWEI = 10**9


def send_all(url: str, accounts: Sequence[LocalAccount], to: str, each: int) -> float:
    """Seconds until `each` transfers of every account are in blocks; all sent before waiting."""
    web3 = Web3(Web3.HTTPProvider(url))
    started = time.monotonic()
    hashes = [
        web3.eth.send_raw_transaction(_signed(web3, account, to, nonce))
        for nonce in range(each)
        for account in accounts
    ]
    for tx_hash in hashes:
        web3.eth.wait_for_transaction_receipt(tx_hash, timeout=300, poll_latency=0.5)
    return time.monotonic() - started


def send_and_wait(url: str, account: LocalAccount, to: str, count: int) -> None:
    """One after the other, as a beginner's script does: ask, sign, send, wait."""
    web3 = Web3(Web3.HTTPProvider(url))
    for _ in range(count):
        nonce = web3.eth.get_transaction_count(account.address)
        gas = web3.eth.estimate_gas(
            cast("TxParams", {"from": account.address, "to": to, "value": 1})
        )
        price = web3.eth.gas_price
        fields: Any = {
            "chainId": web3.eth.chain_id,
            "nonce": nonce,
            "to": to,
            "value": 1,
            "gas": gas,
            "gasPrice": 2 * price,
        }
        signed = account.sign_transaction(fields)
        tx_hash = web3.eth.send_raw_transaction(signed.raw_transaction)
        web3.eth.wait_for_transaction_receipt(tx_hash, timeout=60, poll_latency=0.1)


def _signed(web3: Web3, account: LocalAccount, to: str, nonce: int) -> bytes:
    fields: Any = {
        "chainId": 31337,
        "nonce": nonce,
        "to": to,
        "value": 1,
        "gas": TRANSFER_GAS,
        "maxFeePerGas": 10 * GWEI,
        "maxPriorityFeePerGas": GWEI,
    }
    return bytes(account.sign_transaction(fields).raw_transaction)
