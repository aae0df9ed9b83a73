"""The ledger for other programs: streamed, whatever its length."""
