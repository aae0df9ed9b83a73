"""The whole system on one machine, on chains of its own: the first thing a newcomer sees."""
