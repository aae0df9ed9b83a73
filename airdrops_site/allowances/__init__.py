"""`manage.py allowances`: what spenders may take, at the command line."""
