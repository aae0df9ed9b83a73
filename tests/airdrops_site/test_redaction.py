"""What could be a secret never reaches a log line, in either format."""

import json
import subprocess
import sys

import pytest
from django.conf import settings

from airdrops_site.redaction import redact_event, redact_text

KEY = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
TX_HASH = "0x88df016429689c079f3b2f6ad39fa052532c56795b733da78a91ebe6a713944b"
RPC = "https://operator:hunter2@rpc.example.org/v3/0123456789abcdef?apikey=swordfish"
LABEL = "k3y9f8e7d6c5b4a3920"
HOST_KEY = "brook"
SECRETS = (KEY, KEY[2:], LABEL, HOST_KEY, "hunter2", "0123456789abcdef", "swordfish", "open sesame")

# Logs every secret on every way a log line can come about.
LOGS_SECRETS = f"""
import logging, os, sys
import django
import structlog
from airdrops_site.logs import logging_config

logging_config(log_format=sys.argv[1], level="DEBUG")
ours, theirs = structlog.get_logger("ours"), logging.getLogger("theirs")
ours.info("event with {KEY}", passphrase="open sesame", nested={{"private_key": "0x{KEY}"}})
ours.info("positional %s", "0x{KEY}")
ours.info("an object", reason=ValueError("could not reach {RPC}"), raw=bytes.fromhex("{KEY}"))
ours.info("a hash", tx_hash="{TX_HASH}")
ours.info("a host", url="wss://{LABEL}.rpc.example.org", also=["https://x.{LABEL}.example:1/y"])
os.environ.update(DJANGO_SETTINGS_MODULE="airdrops_site.settings", HOST_KEY="{HOST_KEY}")
os.environ.update(AIRDROPS_CHAIN_ACCESS="testnet")
django.setup()
from wallets.chain.rpc import JsonRpc, RpcUnavailable
logging_config(log_format=sys.argv[1], level="DEBUG")
for name in ("httpx", "httpcore"):
    logging.getLogger(name).setLevel("DEBUG")
for host in ("${{HOST_KEY}}.rpc.invalid", "{LABEL}.rpc.invalid"):
    try:
        JsonRpc("far", f"https://{{host}}/").call("eth_chainId", [], 2.0)
    except RpcUnavailable as error:
        ours.exception("out of reach", reason=error)
theirs.warning("arguments %s %s", "{KEY}", {{"passphrase": "open sesame"}})
theirs.warning("a URL %s", "{RPC}")
theirs.error("not formattable %d", "{KEY}")
try:
    try:
        raise KeyError("0x{KEY}")
    except KeyError as error:
        raise ConnectionError("{RPC} refused passphrase='open sesame'") from error
except ConnectionError:
    ours.exception("failed")
    theirs.exception("failed too")
    theirs.error("with its stack", stack_info=True)
"""


@pytest.fixture(scope="module", params=["json", "readable"])
def logged(request: pytest.FixtureRequest) -> str:
    """What a process wrote that logs secrets on every way there is."""
    command = [sys.executable, "-c", LOGS_SECRETS, request.param]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    )
    return done.stderr + done.stdout


def test_no_secret_reaches_the_log(logged: str) -> None:
    assert [secret for secret in SECRETS if secret in logged] == []


def test_what_explains_the_event_stays(logged: str) -> None:
    for said in ("event with [32 bytes]", "rpc.example.org", "ConnectionError", "failed too"):
        assert said in logged
    assert logged.count("Traceback (most recent call last)") >= 4


def test_hashes_known_to_be_public_pass(logged: str) -> None:
    assert TX_HASH in logged


def test_a_line_that_can_not_be_formatted_says_where_it_was(logged: str) -> None:
    assert "was lost: TypeError" in logged


def test_every_json_line_can_be_read() -> None:
    command = [sys.executable, "-c", LOGS_SECRETS, "json"]
    done = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True)
    lines = [line for line in done.stderr.splitlines() if not line.startswith("A log line")]
    assert {json.loads(line)["level"] for line in lines} == {"debug", "info", "warning", "error"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"key 0x{KEY}!", "key [32 bytes]!"),
        (f"raw 0x02f8{KEY * 3}", "raw [32 bytes]"),
        ("https://rpc.example.org?apikey=abc", "https://rpc.example.org/…"),
        ("HTTPS://me:pw@rpc.example.org/x", "HTTPS://rpc.example.org/…"),
        ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
        ("http://[::1]:8545", "http://[::1]:8545"),
        (f"at https://eth.{LABEL}.example:8545/x", "at https://eth.….example:8545/…"),
        ("postgres://me:pw@/airdrops?host=/run", "postgres:///…"),
        ("api_key=abc, retries=3", "api_key=[redacted], retries=3"),
        ('{"passphrase": "open sesame"}', '{"passphrase": [redacted]}'),
        ("Authorization: Bearer abcdefgh123", "Authorization: Bearer [redacted]"),
        (repr(bytes.fromhex(KEY)), "[bytes]"),
        ("block 18000000 of 0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2",) * 2,
    ],
)
def test_texts_lose_their_secrets_only(text: str, shown: str) -> None:
    assert redact_text(text) == shown


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("tx_hash", TX_HASH, TX_HASH),
        ("tx_hash", RPC, "https://rpc.example.org/…"),
        ("idempotency_key", "run:1:step:0", "run:1:step:0"),
        ("passphrase", "open sesame", "[redacted]"),
        ("private_key", int(KEY, 16), "[redacted]"),
        ("seed", ["open", "sesame"], ["[redacted]", "[redacted]"]),
        ("tokens", 3, 3),
        ("number", int(KEY, 16), "[32 bytes]"),
        ("value", 10**30, 10**30),
        ("withdrawal", "1 ETH", "1 ETH"),
        ("nested", {KEY: {"password": "x"}}, {"[32 bytes]": {"password": "[redacted]"}}),
    ],
)
def test_fields_are_judged_by_name_and_by_content(name: str, value: object, shown: object) -> None:
    assert redact_event(None, "info", {name: value}) == {name: shown}
