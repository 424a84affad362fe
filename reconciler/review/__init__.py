"""What a change would do, for those who review it."""
