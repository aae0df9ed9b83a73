"""`manage.py wallets`: adding, keys, verifying and looking up at the command line."""
