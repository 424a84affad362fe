"""The tags that tell a copied run or model from the first one."""

from __future__ import annotations

REUSED_FROM = "reconciler.reused_from"
NOTE = "mlflow.note.content"
