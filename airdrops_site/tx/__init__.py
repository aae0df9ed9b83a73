"""`manage.py tx`: transactions and lanes at the command line."""
