"""What `manage.py rollups` does."""
