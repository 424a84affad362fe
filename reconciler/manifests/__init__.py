"""YAML to manifests: read, checked against the schemas, positions kept for every message."""
