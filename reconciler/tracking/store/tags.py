"""The tags by which runs and models are told apart that belong together."""

from __future__ import annotations

REUSED_FROM = "reconciler.reused_from"  # of a copied run or model: the first one
STEP_RUN = "reconciler.step_run"  # of a run that a step made: the run that it was given
SPOOLED = "reconciler.spooled"  # of a run or model that was made while the server was away: its id until then
NOTE = "mlflow.note.content"
CONTENT_DIGEST = "reconciler.content_digest"  # of a model version that a step's output was registered as
