"""Models that steps of a preview register: in a registry of their own, which goes with the folder of the step."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

_FILE = "registry.db"


def own_registry(root: Path) -> Mapping[str, str]:
    """The variables by which MLflow's clients take a registry in the folder of the step for the only one.

    Args:
        root: that folder, as the step sees it.
    """
    return {"MLFLOW_REGISTRY_URI": f"sqlite:///{root}/{_FILE}"}


def has_registered(folder: Path) -> bool:
    """Whether the step of a folder has registered a model."""
    path = folder / _FILE
    if not path.is_file():
        return False
    with closing(sqlite3.connect(path)) as registry:
        try:
            return registry.execute("SELECT 1 FROM model_versions LIMIT 1").fetchone() is not None
        except sqlite3.DatabaseError:  # whatever it has made of it: it did something that is to be done again
            return True
