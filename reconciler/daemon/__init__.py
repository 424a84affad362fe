"""The loop that keeps actual and desired state together, and what wakes it."""
