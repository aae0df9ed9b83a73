"""Signed messages that are no transactions: orders to venues, permits. Sent exactly once."""
