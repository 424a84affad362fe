"""The labels by which we know our own images and containers again."""

from __future__ import annotations

STATE = "reconciler.state"
RUN = "reconciler.run"
PIPELINE = "reconciler.pipeline"
STEP = "reconciler.step"
TRIAL = "reconciler.trial"
FINGERPRINT = "reconciler.fingerprint"
ENVIRONMENT = "reconciler.environment"
DIGEST = "reconciler.digest"

# Of the OCI's annotations: https://github.com/opencontainers/image-spec/blob/main/annotations.md
CREATED = "org.opencontainers.image.created"
REVISION = "org.opencontainers.image.revision"
SOURCE = "org.opencontainers.image.source"
TITLE = "org.opencontainers.image.title"
VERSION = "org.opencontainers.image.version"
