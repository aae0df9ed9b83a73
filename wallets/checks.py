"""Start-up checks of floor 1."""
