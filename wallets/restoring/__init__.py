"""After a restore: what the chain holds of our keys and the backup does not."""
