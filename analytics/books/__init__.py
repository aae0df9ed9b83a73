"""The books beyond our own receipts: accounts, what the chain told, openings, reconciliation."""
