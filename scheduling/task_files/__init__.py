"""Tasks as TOML files: written, read, compared with what there is, and applied."""
