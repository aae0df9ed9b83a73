"""What `manage.py portfolio` does."""
