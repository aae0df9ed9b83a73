"""The verbs of `manage.py wallets`, one module each."""
