"""What is tried on a real Docker engine."""
