"""What `manage.py deployments` does."""
