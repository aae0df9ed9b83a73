"""`manage.py risk`."""
