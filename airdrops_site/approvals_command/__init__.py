"""`manage.py approvals`: a second person's consent at the command line."""
