"""From a restored database to one that may sign again: paused, the chain asked, resumed."""
