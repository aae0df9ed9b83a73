"""Where keys live. A signer holds a key or the way to one; nothing else in the program does."""
