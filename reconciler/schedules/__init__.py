"""The calendar of schedules: time zones, and the moments at which triggers fire."""
