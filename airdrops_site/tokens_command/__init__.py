"""The verbs of `manage.py tokens`."""
