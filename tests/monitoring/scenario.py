"""A bad day: every metric of ours, in the state in which its rules fire.

Two instances tell of it, since a risk level cannot be high and critical in one.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import time

_DAY = 86_400
_CHANGE = 1_800
_STEP = 240
# A median is of samples: so many of before that those read while a test runs are few beside them.
_OFTEN = {"airdrops_gas_price_wei": 5}

Value = Callable[[float, float], float]
"""Unix times of the day's beginning and of a look at it, to what the series has then."""


def _grows(per_minute: float) -> Value:
    return lambda began, at: per_minute * (at - began + 30 * _DAY) / 60


def _is(now: float, before: float | None = None) -> Value:
    """`before` until half an hour ago."""
    earlier = now if before is None else before
    return lambda began, at: now if at > began - _CHANGE else earlier


def _ago(seconds: float) -> Value:
    return lambda began, _: began - seconds


_ENDPOINT = 'network="one",endpoint="a"'

SERIES: dict[str, Value] = {
    "airdrops_build_info{version='1',python='3',database='sqlite'}": _is(1),
    "airdrops_database_up{instance='one'}": _is(1),
    "airdrops_database_up{instance='two'}": _is(0),
    "airdrops_transactions_total{network='one',protocol='evm',outcome='succeeded'}": _grows(5),
    "airdrops_transactions_total{network='one',protocol='evm',outcome='reverted'}": _grows(1),
    "airdrops_transactions{network='one',protocol='evm',state='broadcast'}": _is(3),
    "airdrops_transactions_pending{network='one'}": _is(3),
    "airdrops_transactions_stuck{network='one'}": _is(2),
    "airdrops_fees_native_total{network='one',protocol='evm'}": _grows(0.01),
    "airdrops_fees_usd_total{network='one',protocol='evm'}": _grows(0.3),
    "airdrops_fees_unpriced_total{network='one',protocol='evm'}": _grows(1),
    "airdrops_runs{state='running'}": _is(3),
    "airdrops_runs_total{protocol='evm',outcome='succeeded'}": _grows(1),
    "airdrops_tasks{enabled='true'}": _is(5),
    "airdrops_tasks_due": _is(2),
    "airdrops_task_wait_seconds": _is(400),
    "airdrops_queue_jobs": _is(9),
    "airdrops_queue_oldest_seconds": _is(400),
    "airdrops_jobs_total{path='tick',outcome='ok'}": _grows(9),
    "airdrops_jobs_total{path='tick',outcome='failed'}": _grows(1),
    "airdrops_wakeup_failures_total{path='tick'}": _grows(1),
    "airdrops_gate_refusals_total{gate='policy',answer='refuse'}": _grows(1),
    f"airdrops_rpc_up{{{_ENDPOINT}}}": _is(0),
    f"airdrops_rpc_consecutive_errors{{{_ENDPOINT}}}": _is(7),
    f"airdrops_rpc_latency_seconds{{{_ENDPOINT}}}": _is(3),
    f"airdrops_rpc_head_block{{{_ENDPOINT}}}": _grows(5),
    f"airdrops_rpc_last_answer_timestamp_seconds{{{_ENDPOINT}}}": _ago(600),
    f"airdrops_rpc_breaker_open{{{_ENDPOINT}}}": _is(1),
    f"airdrops_rpc_lag_blocks{{{_ENDPOINT}}}": _is(50),
    f"airdrops_rpc_request_duration_seconds_bucket{{{_ENDPOINT},le='1'}}": _grows(1),
    f"airdrops_rpc_request_duration_seconds_bucket{{{_ENDPOINT},le='5'}}": _grows(10),
    f"airdrops_rpc_request_duration_seconds_bucket{{{_ENDPOINT},le='+Inf'}}": _grows(10),
    f"airdrops_rpc_request_duration_seconds_count{{{_ENDPOINT}}}": _grows(10),
    f"airdrops_rpc_request_duration_seconds_sum{{{_ENDPOINT}}}": _grows(30),
    f"airdrops_rpc_errors_total{{{_ENDPOINT},kind='timeout'}}": _grows(5),
    "airdrops_gas_price_wei{network='one'}": _is(5e9, 1e9),
    "airdrops_worker_heartbeat_age_seconds{host='one'}": _is(130),
    "airdrops_protocol_last_transaction_timestamp_seconds{protocol='evm'}": _ago(900),
    "airdrops_wallets{network='one'}": _is(20),
    "airdrops_wallets_under_minimum{network='one'}": _is(2),
    "airdrops_emergency_stops{scope='everything'}": _is(1),
    "airdrops_risk_level{instance='one'}": _is(2),
    "airdrops_risk_level{instance='two'}": _is(3),
    "airdrops_exposure_usd{protocol='evm'}": _is(700),
    "airdrops_limit_used_ratio{limit='max_day_fees',scope='everything'}": _is(0.9),
    "airdrops_limit_used_ratio{limit='max_day_value',scope='protocol'}": _is(1),
    "airdrops_portfolio_unknown": _is(0),
    "airdrops_portfolio_usd": _is(700, 1000),
    "airdrops_portfolio_share{protocol='evm'}": _is(0.7),
    "airdrops_allocation_current_ratio{policy='p',bucket='ETH'}": _is(0.7),
    "airdrops_allocation_target_ratio{policy='p',bucket='ETH'}": _is(0.5),
    "airdrops_rebalances_total{policy='p',outcome='applied'}": _grows(0.001),
    "airdrops_roi_ratio{by='campaign',name='c'}": _is(0.2),
    "airdrops_campaigns{status='claimable'}": _is(1),
    "airdrops_claims{state='claimable'}": _is(4),
    "airdrops_claims{state='missed'}": _is(1),
    "airdrops_airdrops_received_usd{campaign='c'}": _is(300),
    "airdrops_operation_last_done_timestamp_seconds{operation='backup'}": _ago(8 * _DAY),
    "airdrops_operation_last_done_timestamp_seconds{operation='backup_verification'}": _ago(
        9 * _DAY
    ),
    "airdrops_backup_bytes": _is(1e6),
    "airdrops_disk_free_ratio": _is(0.01),
    "airdrops_clock_skew_seconds{network='one'}": _is(-90),
    "airdrops_alert_notifications_total{channel='ops',outcome='failed'}": _grows(1),
    "airdrops_alerts_firing{severity='critical'}": _is(1),
} | {
    f"airdrops_alerts{{kind='{kind}'}}": _is(1)
    for kind in (
        "transactions_needing_operator",
        "paused_lanes",
        "changed_contracts",
        "approvals_waiting",
        "breakers_not_closed",
        "paused_installation",
    )
}


@dataclass
class Day:
    """One that begins when a test does, and not when this file is read: that may be long before.

    What is set in `otherwise` has that value from then on.
    """

    began: float = field(default_factory=time)
    otherwise: dict[str, float] = field(default_factory=dict)

    def history(self) -> str:
        """What rules look back at, in OpenMetrics' text format: a day ago, and the last hour."""
        found = [
            f"{_labelled(series)} {value(self.began, at)} {at}"
            for series, value in SERIES.items()
            for at in self._times(_OFTEN.get(series.partition("{")[0], _STEP))
        ]
        return "\n".join([*found, "# EOF", ""])

    def page(self) -> str:
        """What /metrics of it would say now."""
        now = time()
        return "".join(
            f"{_labelled(series)} {self.otherwise.get(series, value(self.began, now))}\n"
            for series, value in SERIES.items()
        )

    def _times(self, step: int) -> Iterator[int]:
        now = int(self.began)
        yield from range(now - _DAY - 600, now - _DAY + 600, step)
        yield from range(now - 4_000, now, step)


def _labelled(series: str) -> str:
    """With the labels that a scrape would add."""
    name, _, labels = series.replace("'", '"').rstrip("}").partition("{")
    missing = [part for part in ('job="airdrops"', 'instance="one"') if part[:4] not in labels]
    return f"{name}{{{','.join([*missing, *filter(None, [labels])])}}}"


@contextmanager
def told(day: Day) -> Iterator[str]:
    """A web server that answers as such a system would; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = day.page().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    # Asked often whether it is to end: the tests do not wait half a second for that.
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
