"""Adding wallets: many or one, all of them or none."""
