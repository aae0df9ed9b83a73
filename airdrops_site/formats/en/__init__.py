"""Dates in the console: sortable, to the second, in UTC."""
