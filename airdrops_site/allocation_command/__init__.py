"""`manage.py allocation`: targets and rebalances at the command line."""
