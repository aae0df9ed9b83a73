"""What `manage.py alerts` does."""
