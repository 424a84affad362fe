"""Forges: the pull requests of a repository, what is said of them, and how commits do."""
