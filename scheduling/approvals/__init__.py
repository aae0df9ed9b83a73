"""A second person's consent to exactly what a run is about to do, and to nothing else."""
