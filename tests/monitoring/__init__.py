"""The monitoring kit in deploy/monitoring: what writes its dashboards, and its tests."""
