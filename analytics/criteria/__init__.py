"""Where wallets stand by the criteria of an airdrop: rules as data, over their own history."""
