"""What the pipeline costs beside the plainest script that does the same. `make bench`."""
