"""Settings, all from the environment; `.env.example` lists them with their meaning."""

from pathlib import Path

import django_stubs_ext

import airdrops_site.configuration.web
from airdrops_site.configuration.base import (
    BASE_DIR,
    CHAIN_ACCESS,
    CRITERIA_DIR,
    DATA_DIR,
    DEBUG,
    HOST_NAME,
    HOSTS,
    PORT,
    PRODUCTION,
    env,
)
from airdrops_site.configuration.keys import (
    ALLOW_ENVIRONMENT_KEYS,
    KEYSTORE_DIR,
    KEYSTORE_PASSPHRASE,
    KEYSTORE_PASSPHRASE_FILE,
    KEYSTORE_SCRYPT_LOG2,
    KMS_ENDPOINT_URL,
    KMS_REGION,
    KMS_SECONDS,
    METRICS_TOKEN,
    SECOND_PERSON,
    SECRET_KEY,
    STOP_FILE,
    WEB3SIGNER_CA_FILE,
    WEB3SIGNER_CERTIFICATE_FILE,
    WEB3SIGNER_SECONDS,
    WEB3SIGNER_TOKEN,
    WEB3SIGNER_URL,
)
from airdrops_site.configuration.operations import (
    ALERT_CHANNELS,
    ALERT_ESCALATE_MINUTES,
    ALERT_RATE,
    ALERT_ROUTE,
    ALERT_SECONDS,
    BACKUP_DIR,
    BACKUP_HOURS,
    BACKUP_KEEP,
    BACKUP_MAX_HOURS,
    BACKUP_PASSPHRASE,
    BACKUP_S3_ENDPOINT_URL,
    CONTACTS,
    DISK_FREE_PERCENT,
    LOG_FILE,
    LOG_FILE_MEGABYTES,
    LOG_FILES,
    MAINTENANCE,
)
from airdrops_site.configuration.reading import (
    ALLOWANCE_SECONDS,
    BALANCE_SECONDS,
    BENCHMARKS,
    FIGURE_SECONDS,
    HISTORY_SECONDS,
    KEEP_DAYS,
    POSITION_SECONDS,
    PRICE_CHAINS,
    PRICE_MAX_AGE,
    PRICE_SECONDS,
    PRICE_URL,
    REPORT_MINUTES,
    REPORTS,
    SCROLL_BRIDGE_API,
)
from airdrops_site.console import UNFOLD_SETTINGS
from airdrops_site.environment import refuse
from airdrops_site.logs import LogFile, logging_config

django_stubs_ext.monkeypatch()  # lets `ModelAdmin[Wallet]` and the like stand at run time

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
    "airdrops_site.middleware.request_id",
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
LOGGING = logging_config(
    log_format=LOG_FORMAT,
    level=LOG_LEVEL,
    log_file=LogFile(Path(LOG_FILE), LOG_FILE_MEGABYTES, LOG_FILES) if LOG_FILE else None,
)

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
