"""The emergency stop and what a person may order after it: command, button and pages."""
