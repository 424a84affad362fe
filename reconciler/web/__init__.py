"""The daemon over HTTP: webhooks, the API, health and metrics. Only a daemon that listens imports it."""
