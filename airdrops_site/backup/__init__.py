"""Backups of the whole state in one file, and what brings it back."""
