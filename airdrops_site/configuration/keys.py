"""Secrets, keys and the signers that hold them; and what a second person is asked for."""

from airdrops_site.configuration.base import BASE_DIR, DATA_DIR, PRODUCTION, env
from airdrops_site.environment import generated_secret, refuse

SECRET_KEY = env.secret("SECRET_KEY", "", "Django's secret key, 50 random characters")
if not SECRET_KEY:
    if PRODUCTION:
        refuse("SECRET_KEY", "", "50 random characters, or SECRET_KEY_FILE with a file's path")
    SECRET_KEY = generated_secret(DATA_DIR / "secret_key")
METRICS_TOKEN = env.secret(
    "METRICS_TOKEN", "", "bearer token for /metrics and the details of /health"
)
KEYSTORE_DIR = BASE_DIR / env.text(
    "AIRDROPS_KEYSTORE_DIR",
    str(DATA_DIR / "keystores"),
    "folder of keystore V3 files",
    "data/keystores",
)
# Only the path is a setting: the passphrase itself is read by signing processes, never by web.
KEYSTORE_PASSPHRASE_FILE = BASE_DIR / env.text(
    "AIRDROPS_KEYSTORE_PASSPHRASE_FILE",
    str(DATA_DIR / "keystore_passphrase"),
    "file with the keystores' passphrase, mode 0600, readable by workers only",
    "data/keystore_passphrase",
)
KEYSTORE_PASSPHRASE = env.value_later(
    "AIRDROPS_KEYSTORE_PASSPHRASE",
    "that passphrase itself, where no file can be given; in the workers' environment only",
)
KEYSTORE_SCRYPT_LOG2 = env.number(
    "AIRDROPS_KEYSTORE_SCRYPT_LOG2",
    18,
    "work factor of new keystores as a power of 2; each step less opens them twice as fast",
    least=13,
    most=20,
)
ALLOW_ENVIRONMENT_KEYS = env.flag(
    "AIRDROPS_ALLOW_ENVIRONMENT_KEYS",
    "in production too, use keys in WALLET_PRIVATE_KEY_<NAME> of the workers' environment",
    default=False,
)
# The remote signer's address and token too are read by signing processes alone.
WEB3SIGNER_URL = env.secret_later(
    "AIRDROPS_WEB3SIGNER_URL",
    "address of the Web3Signer (eth1 mode) that holds the keys of wallets of that kind",
    "https://signer.internal:9000",
)
WEB3SIGNER_TOKEN = env.secret_later(
    "AIRDROPS_WEB3SIGNER_TOKEN", "bearer token it asks for, if it does"
)
WEB3SIGNER_CERTIFICATE_FILE = env.path(
    "AIRDROPS_WEB3SIGNER_CERTIFICATE_FILE",
    BASE_DIR,
    "PEM file of the client certificate and its key, if it asks for one",
    "data/signer_client.pem",
)
WEB3SIGNER_CA_FILE = env.path(
    "AIRDROPS_WEB3SIGNER_CA_FILE",
    BASE_DIR,
    "PEM file of who vouches for its certificate; the system's list when unset",
    "data/signer_ca.pem",
)
WEB3SIGNER_SECONDS = env.number(
    "AIRDROPS_WEB3SIGNER_SECONDS", 10, "how long it may take to sign", least=1, most=20
)
KMS_REGION = env.text("AIRDROPS_KMS_REGION", "", "AWS region of the KMS keys", "eu-central-1")
KMS_ENDPOINT_URL = env.text(
    "AIRDROPS_KMS_ENDPOINT_URL", "", "another address of KMS", "https://kms.internal"
)
KMS_SECONDS = env.number(
    "AIRDROPS_KMS_SECONDS", 10, "how long KMS may take to sign, with retries", least=1, most=30
)

STOP_FILE = BASE_DIR / env.text(
    "AIRDROPS_STOP_FILE",
    str(DATA_DIR / "STOP"),
    "while this file is there, nothing is signed on this host, and everything is stopped",
    "data/STOP",
)
# Whoever entered an address or made a plan above its limit does not confirm it; where there is one
# operator, `waived` lets the same person do so in a second step, and the history says it was alone.
SECOND_PERSON = env.choice(
    "AIRDROPS_SECOND_PERSON",
    "required",
    ("required", "waived"),
    "who confirms addresses, large plans and runs: somebody else, or with one operator the same",
)
