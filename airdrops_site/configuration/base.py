"""Where and how it runs."""

import socket
from pathlib import Path

from airdrops_site.environment import Environment, dotenv

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = Environment(dotenv(BASE_DIR / ".env"))

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
