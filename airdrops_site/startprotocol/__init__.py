"""Writing a new protocol that works: what `manage.py startprotocol` does."""
