"""Deleting what nothing needs any more: `manage.py cleanup`."""
