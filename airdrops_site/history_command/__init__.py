"""`manage.py history`: what chains and explorers say our wallets did."""
