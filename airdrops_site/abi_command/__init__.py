"""What `manage.py abi` does."""
