"""Receivers of notifications with every key that there is."""

from __future__ import annotations

RECEIVERS = """\
notifications:
- name: team
  type: slack
  secret: {env: SLACK_HOOK}
  events: {severity: normal, kinds: [pipeline, source], names: ["lending*"], sources: [loans]}
  rate: 5/h
- {name: any, type: webhook, url: "https://example.org/hook", secret: {file: /run/secret}, ca_file: CA_FILE}
- name: ops
  type: smtp
  host: mail.example.org
  port: 2525
  from: reconciler <reconciler@example.org>
  to: [a@example.org, "B <b@example.org>"]
  username: robot
  secret: {env: MAIL_PASSWORD}
- {name: local, type: smtp, host: localhost, from: a@example.org, to: b@example.org, starttls: false}
- {name: old, type: smtp, host: mail.example.org, from: a@example.org, to: b@example.org, tls: true}
- {name: hub, type: github, secret: {env: HUB}, repository: ml/loans, events: {names: [a], sources: [b]}}
- {name: lab, type: gitlab, url: "https://git.example.org/", secret: {env: LAB}}
- {name: tea, type: gitea, url: "https://git.example.org", secret: {env: TEA}, rate: 1/s}
"""
