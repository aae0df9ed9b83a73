"""`manage.py backup_state` and `manage.py restore_state`: what each is asked, and what it says."""
