"""The operator's configuration file: read, checked, and its secrets fetched."""
