"""Backups, upkeep, alerts, log files, and whom to call."""

from airdrops_site.configuration.base import BASE_DIR, DATA_DIR, env

# --- backups
BACKUP_DIR = env.text(
    "AIRDROPS_BACKUP_DIR",
    str(DATA_DIR / "backups"),
    "where backups are written: a folder, or s3://bucket/prefix",
    "data/backups",
)
# Read by whoever makes or opens a backup, never by web.
BACKUP_PASSPHRASE = env.secret_later(
    "AIRDROPS_BACKUP_PASSPHRASE", "passphrase that backups are encrypted with"
)
BACKUP_HOURS = env.number(
    "AIRDROPS_BACKUP_HOURS",
    0,
    "hours between two backups that workers make by themselves; 0 makes none",
    most=8_760,
)
BACKUP_KEEP = env.number(
    "AIRDROPS_BACKUP_KEEP",
    14,
    "how many backups are kept where they are written; older ones are deleted, 0 deletes none",
    most=10_000,
)
BACKUP_MAX_HOURS = env.number(
    "AIRDROPS_BACKUP_MAX_HOURS",
    26,
    "hours after which the newest backup is too old: health is degraded; 0 never",
    most=8_760,
)
BACKUP_S3_ENDPOINT_URL = env.text(
    "AIRDROPS_BACKUP_S3_ENDPOINT_URL",
    "",
    "another address of S3, where it is not Amazon's",
    "https://s3.internal",
)

# --- upkeep
MAINTENANCE = env.flag(
    "AIRDROPS_MAINTENANCE",
    "workers do the daily, weekly, monthly and quarterly upkeep by themselves",
    default=True,
)
DISK_FREE_PERCENT = env.number(
    "AIRDROPS_DISK_FREE_PERCENT",
    10,
    "health is degraded when less of the data folder's disk is free, unhealthy below a fifth of it",
    most=90,
)

# --- people and messages
CONTACTS = env.names(
    "AIRDROPS_CONTACTS",
    [],
    "whom to call, in order of escalation, shown in health details, alerts and the runbook",
    "Primary operator: +44 1632 960001,Development: dev@example.org,Escalation: +44 1632 960002",
)
# name=URL, one a line or separated by spaces; each URL is a secret, so the whole is one.
ALERT_CHANNELS = env.secret_later(
    "AIRDROPS_ALERT_CHANNELS",
    "where alerts go, as name=URL separated by spaces (apprise URLs; webhooks as hooks://)",
    "ops=slack://token-a/token-b/token-c mail=mailtos://user:password@example.org",
)
ALERT_SECONDS = env.number(
    "AIRDROPS_ALERT_SECONDS",
    15,
    "seconds between two looks at what is wrong; 0 looks never and sends nothing",
    most=3_600,
)
ALERT_ROUTE = env.text(
    "AIRDROPS_ALERT_ROUTE",
    "",
    "channels that are told, and after each > whom an escalation goes to; all when unset",
    "mail,ops > phone",
)
ALERT_ESCALATE_MINUTES = env.number(
    "AIRDROPS_ALERT_ESCALATE_MINUTES",
    15,
    "minutes after which a critical alert that nobody acknowledged goes to the next; 0 never",
    most=10_080,
)
ALERT_RATE = env.number(
    "AIRDROPS_ALERT_RATE",
    20,
    "single messages a channel is sent in ten minutes; more are put together in one a minute",
    least=1,
    most=10_000,
)

# --- log files
LOG_FILE = env.path(
    "AIRDROPS_LOG_FILE",
    BASE_DIR,
    "a file that log lines go to as well; none when unset",
    "data/logs/airdrops.log",
)
LOG_FILE_MEGABYTES = env.number(
    "AIRDROPS_LOG_FILE_MEGABYTES",
    100,
    "size at which the log file is rotated",
    least=1,
    most=10_000,
)
LOG_FILES = env.number(
    "AIRDROPS_LOG_FILES", 10, "how many rotated log files are kept", least=1, most=1_000
)
