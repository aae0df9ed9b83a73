"""What `manage.py actions` does."""
