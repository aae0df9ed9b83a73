"""Settings, all from the environment; `.env.example` lists them with their meaning."""

import socket
from pathlib import Path

import django_stubs_ext

from airdrops_site.console import UNFOLD_SETTINGS
from airdrops_site.environment import Environment, dotenv, generated_secret, refuse
from airdrops_site.logs import logging_config

django_stubs_ext.monkeypatch()  # lets `ModelAdmin[Wallet]` and the like stand at run time

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment(dotenv(BASE_DIR / ".env"))

# --- where and how it runs
# Relative paths are the project's, whatever folder a process was started in.
DATA_DIR = (
    BASE_DIR / env.text("AIRDROPS_DATA_DIR", "data", "folder of the database, keys and logs")
).resolve()
CRITERIA_DIR = BASE_DIR / env.text(
    "AIRDROPS_CRITERIA_DIR",
    str(DATA_DIR / "criteria"),
    "folder of your own rule sets for airdrops, *.toml",
    "data/criteria",
)
PRODUCTION = (
    env.choice("AIRDROPS_ENV", "development", ("development", "production"), "how strict to be")
    == "production"
)
DEBUG = env.flag("AIRDROPS_DEBUG", "Django's debug pages; never in production", default=False)
# The widest kind of chain this installation may talk to. The default reaches nothing but a
# devnet on this machine, so no mistake in a demo or a test can spend real money.
CHAIN_ACCESS = env.choice(
    "AIRDROPS_CHAIN_ACCESS", "devnet", ("devnet", "testnet", "mainnet"), "widest kind of chain"
)
PORT = env.number(
    "AIRDROPS_PORT", 8080, "port of the console under quickstart", least=1, most=65535
)
# Two machines must not call themselves the same; containers of one machine may.
HOST_NAME = env.text(
    "AIRDROPS_HOST_NAME", socket.gethostname(), "what this machine is called", "worker-1"
)[:100]
HOSTS = 1 if env.flag("AIRDROPS_SINGLE_HOST", "all processes on one host", default=True) else 2

# --- secrets
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

# --- the application
INSTALLED_APPS = [
    # Before django_q, so that our `qcluster` (with its pulse) is the one that runs.
    "airdrops_site",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_q",
    "django_rich",
    "django_prometheus",
    "wallets",
    "protocols",
    "scheduling",
    "analytics",
]
MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "airdrops_site.middleware.content_security_policy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
ROOT_URLCONF = "airdrops_site.urls"
WSGI_APPLICATION = "airdrops_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"

# --- database
DATABASES = {
    "default": env.database(
        "DATABASE_URL",
        f"sqlite:///{DATA_DIR / 'airdrops.sqlite3'}",
        "the database; SQLite in the data folder when unset",
        "postgres://airdrops:password@127.0.0.1:5432/airdrops",
    )
}
SQLITE = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
_options = DATABASES["default"].setdefault("OPTIONS", {})
if SQLITE:
    DATABASES["default"]["NAME"] = str(BASE_DIR / DATABASES["default"]["NAME"])
    _options |= {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # FULL: in WAL mode NORMAL may forget a commit on power loss, and a signed transaction
        # that was sent but forgotten is exactly what must never happen.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
else:
    # Django's own pool hangs under qcluster: persistent connections instead.
    DATABASES["default"]["CONN_MAX_AGE"] = 600
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    _options |= {
        "connect_timeout": 5,
        "options": "-c lock_timeout=5s -c statement_timeout=50s"
        " -c idle_in_transaction_session_timeout=30s",
    }

# --- workers: a job is a wake-up, our rows are the truth (shared design: the pipeline)
WORKERS = env.number("AIRDROPS_WORKERS", 2, "worker processes of one cluster", least=1)
Q_CLUSTER = {
    "name": "airdrops",
    "orm": "default",
    "workers": WORKERS,
    "queue_limit": max(2, WORKERS),
    "timeout": 60,
    "retry": 90,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": -1,
    "poll": 0.1,
    "scheduler": False,
    "label": "Queue",
}
# --- what is read from chains at intervals
BALANCE_SECONDS = env.number(
    "AIRDROPS_BALANCE_SECONDS",
    300,
    "seconds between two readings of all balances of a network; 0 reads them only on request",
    most=86_400,
)
ALLOWANCE_SECONDS = env.number(
    "AIRDROPS_ALLOWANCE_SECONDS",
    3600,
    "seconds between two readings of all allowances of a network; 0 reads them only on request",
    most=604_800,
)
POSITION_SECONDS = env.number(
    "AIRDROPS_POSITION_SECONDS",
    600,
    "seconds between two readings of what a wallet has inside a protocol; 0 reads none",
    most=86_400,
)
FIGURE_SECONDS = env.number(
    "AIRDROPS_FIGURE_SECONDS",
    120,
    "seconds between two sums of all that is owned, and of the risk; 0 makes none",
    most=3_600,
)
HISTORY_SECONDS = env.number(
    "AIRDROPS_HISTORY_SECONDS",
    60,
    "seconds between two readings of new final blocks for our wallets; 0 reads them on request",
    most=86_400,
)
PRICE_SECONDS = env.number(
    "AIRDROPS_PRICE_SECONDS",
    300,
    "seconds between two readings of prices; 0 reads them only on request",
    most=86_400,
)
PRICE_URL = env.secret(
    "AIRDROPS_PRICE_URL",
    "",
    "DefiLlama-compatible price server, nothing else is asked; none when unset",
    "https://coins.llama.fi",
)
PRICE_MAX_AGE = env.number(
    "AIRDROPS_PRICE_MAX_AGE", 3600, "seconds after which a price of that server is unknown", least=1
)
PRICE_CHAINS = env.names(
    "AIRDROPS_PRICE_CHAINS",
    [],
    "what that server calls networks we have no name for",
    "my-network=itsname",
)
BENCHMARKS = env.names(
    "AIRDROPS_BENCHMARKS",
    ["ETH", "BTC"],
    "symbols of coins that the portfolio is compared with, by their stored prices",
    "ETH,BTC",
)
KEEP_DAYS = env.number(
    "AIRDROPS_KEEP_DAYS",
    90,
    "days after which `rollups clean` deletes raw readings of which it keeps sums",
    least=8,
    most=36_500,
)
# Only a hint where a withdrawal's proof is: what it says is proven on chain before it is used.
SCROLL_BRIDGE_API = env.text(
    "AIRDROPS_SCROLL_BRIDGE_API",
    "",
    "Scroll's bridge history server, where not the public one of the network",
    "https://mainnet-api-bridge-v2.scroll.io",
)
# --- reports that are made by themselves
REPORTS = env.names(
    "AIRDROPS_REPORTS",
    ["daily", "weekly"],
    "reports made once for each time that is over, of daily, weekly and campaign (each week, of "
    "each open one); none makes none",
    "",
)
if unknown := sorted({*REPORTS} - {"daily", "weekly", "campaign", "none"}):
    refuse("AIRDROPS_REPORTS", ",".join(unknown), "words of daily, weekly, campaign, or none")
REPORT_MINUTES = env.number(
    "AIRDROPS_REPORT_MINUTES",
    30,
    "minutes after midnight UTC before which none of these is made",
    most=1_439,
)
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- time, language, static files
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
USE_I18N = False
FORMAT_MODULE_PATH = ["airdrops_site.formats"]
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = not PRODUCTION
if PRODUCTION:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }

# --- the web's doors
ALLOWED_HOSTS = env.names(
    "ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"], "host names the web answers to", ""
)
CSRF_TRUSTED_ORIGINS = env.names(
    "CSRF_TRUSTED_ORIGINS", [], "origins behind a proxy", "https://airdrops.example.org"
)
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
_redirect = env.flag("SECURE_SSL_REDIRECT", "in production, redirect http to https", default=True)
_hsts = env.number("SECURE_HSTS_SECONDS", 31_536_000, "in production, seconds of HSTS")
if PRODUCTION:
    SECURE_SSL_REDIRECT = _redirect
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    # Probes and scrapers inside the network speak plain http.
    SECURE_REDIRECT_EXEMPT = [r"^health", r"^metrics$"]
    SECURE_HSTS_SECONDS = _hsts
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# --- logs
LOG_FORMAT = env.choice(
    "AIRDROPS_LOG_FORMAT",
    "json" if PRODUCTION else "readable",
    ("json", "readable"),
    "log lines; json in production when unset",
    "json",
)
LOG_LEVEL = env.choice(
    "AIRDROPS_LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"), "least severity logged"
)
LOGGING_CONFIG = None
LOGGING = logging_config(log_format=LOG_FORMAT, level=LOG_LEVEL)

# --- metrics
# prometheus_client reads the same variable: without it each web process counts for itself.
METRICS_DIR = env.folder(
    "PROMETHEUS_MULTIPROC_DIR",
    "folder in which several web processes join their HTTP metrics; empty it at each start",
    "/run/airdrops/metrics",
)
PROMETHEUS_EXPORT_MIGRATIONS = False
SILENCED_SYSTEM_CHECKS: list[str] = []
UNFOLD = UNFOLD_SETTINGS
