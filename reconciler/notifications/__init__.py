"""Telling people and forges what happened: each way to do so is one file behind a small Protocol."""
