"""What `manage.py tasks` does."""
