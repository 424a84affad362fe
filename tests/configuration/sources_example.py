"""Sources with every key that there is."""

from __future__ import annotations

SOURCES = """\
sources:
- name: loans
  url: https://git.example.org/ml/loans.git
  branch: main
  path: ./ml/loans/
  interval: 90s
  jitter: 3s
  timeout: 10s
  deadline: 5m
  engine: process
  experiment_prefix: loans/
  data_roots: [/srv/data, /srv/more]
  upgrades: {policy: latest}
  token: {env: LOANS_TOKEN}
  username: robot
  verify: {mode: commit, allowed_signers_file: SIGNERS}
  fetch: full
  submodules: true
  lfs: true
  pull_requests:
    forge: gitlab
    api: https://gitlab.example.org/api/v4
    repository: ml/loans
    token: {env: LOANS_TOKEN}
    user: robot
    ca_file: KEYS
    poll: 2m
    comment: true
    previews: {label: reconciler/run, allowed: [ada], forks: true}
- name: fraud
  url: git@git.example.org:ml/fraud.git
  semver: ^1.2
  ssh: {key_file: KEY, known_hosts_file: KNOWN}
  verify: {mode: tag, gpg_keys_file: KEYS}
- {name: live, url: /srv/git/live.git, tag: live}
- {name: pinned, url: "file:///srv/git/pinned.git", commit: 1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d}
- {name: light, url: "https://git.example.org/light.git", fetch: blobless}
- {name: plain, url: "ssh://git@git.example.org/plain.git"}
"""
