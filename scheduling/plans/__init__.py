"""Plans: batches of transfers, looked at and approved as a whole, carried out line by line."""
