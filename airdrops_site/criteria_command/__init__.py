"""`manage.py criteria`."""
