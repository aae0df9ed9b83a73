"""`manage.py calls`: calls that two persons stand behind, at the command line."""
