"""The WSGI entry point for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from airdrops_site.checks import refuse_signers_in_web, refuse_unfit_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "airdrops_site.settings")
# With any other code of a worker that does not start, gunicorn would try again for ever.
GUNICORN_GIVES_UP = 3

try:
    application = get_wsgi_application()
    refuse_unfit_start()
    refuse_signers_in_web()
except SystemExit as refusal:
    raise SystemExit(GUNICORN_GIVES_UP) from refusal
