"""How capital should be spread, how it is, and the tasks that bring the one to the other."""
