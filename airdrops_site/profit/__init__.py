"""The console page of profit, and its downloads."""
