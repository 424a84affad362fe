"""Where the daemon listens, with all that can be said of it."""

HTTP = """\
http:
  listen: 127.0.0.1:8420
  tokens:
  - {name: ci, role: operator, secret: {env: CI}}
  - {name: grafana, role: viewer, secret: {file: TOKEN_FILE}}
hooks:
  loans: {type: gitea, secret: {env: HOOK}}
"""
