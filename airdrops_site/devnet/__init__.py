"""The local devnet: two anvil networks with real contracts, deployed from published artifacts.

Plain Python without Django: `anvil` runs the processes, `deploy` puts the contracts there and
returns a `manifest` from which the quickstart makes its rows.
"""
