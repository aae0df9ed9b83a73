"""`manage.py resume_state`: what the chain holds and the backup does not, and going on."""
