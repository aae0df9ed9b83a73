"""`manage.py breaker`."""
