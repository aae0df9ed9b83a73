"""What the console's pages of all floors have in common."""
