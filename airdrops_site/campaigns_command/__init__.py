"""`manage.py campaigns`."""
