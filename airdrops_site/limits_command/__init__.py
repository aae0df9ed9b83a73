"""`manage.py limits`."""
