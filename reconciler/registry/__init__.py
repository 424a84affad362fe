"""The Git repository as a registry: the versions that its tags hold, read from Git objects where they are needed."""
