"""What `manage.py ledger` does."""
