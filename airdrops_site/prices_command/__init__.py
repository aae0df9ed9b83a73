"""The verbs of `manage.py prices`."""
