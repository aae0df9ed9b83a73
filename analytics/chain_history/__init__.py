"""What chains and explorers say our wallets did, as rows: read once, kept once."""
