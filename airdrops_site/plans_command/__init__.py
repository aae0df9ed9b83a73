"""`manage.py plans`: batches of transfers at the command line."""
