"""What is wrong, found by rules over the same rows as health and metrics, and told to people.

One look (`evaluating`) writes what changed and the messages about it in one database transaction;
workers send them afterwards (`sending`), at least once each. Nothing here decides about money.
"""
