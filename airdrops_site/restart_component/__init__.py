"""What `manage.py restart_component` does."""
