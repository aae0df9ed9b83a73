"""`manage.py runs`: what is under way, and what a person may do about it."""
