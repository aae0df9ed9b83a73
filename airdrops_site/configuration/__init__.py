"""What an operator may set, by subject; settings.py puts it together."""
