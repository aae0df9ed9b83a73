"""What keeps the system in shape without anybody asking: daily, weekly, monthly, quarterly."""
