"""`manage.py addresses`: the address book at the command line."""
