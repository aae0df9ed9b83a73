"""What is read from chains and price servers at intervals, kept, and reported."""

from airdrops_site.configuration.base import env
from airdrops_site.environment import refuse

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
