"""What deploy/gunicorn.conf.py reads: told of in .env.example, refused when malformed.

gunicorn reads it before `.env`, so it stands in the web's own environment. It must not import this
module: what its main process has imported is not read anew on a reload with a newer version.
"""

from airdrops_site.configuration.base import env

_OWN = "in the web's environment, not in .env"

WEB_BIND = env.text(
    "AIRDROPS_WEB_BIND", "127.0.0.1:8080", f"where gunicorn listens; {_OWN}", "127.0.0.1:8080"
)
WEB_PROCESSES = env.number(
    "AIRDROPS_WEB_PROCESSES",
    2,
    f"web processes; one only where PROMETHEUS_MULTIPROC_DIR is unset; {_OWN}",
    least=1,
    most=64,
)
WEB_THREADS = env.number(
    "AIRDROPS_WEB_THREADS", 4, f"threads of each of them; {_OWN}", least=1, most=64
)
WEB_PROXY = env.text(
    "AIRDROPS_WEB_PROXY",
    "127.0.0.1",
    f"addresses of proxies whose word on the scheme is taken; {_OWN}",
)
