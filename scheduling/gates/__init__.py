"""Checks that may hold a run before it begins, and each of its signatures."""
