"""What a report is gathered from: each module reads one thing with a few questions."""
