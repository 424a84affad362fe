"""Measurements of what the program promises; `make bench` runs them. They are not tests."""
