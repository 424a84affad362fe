"""Getting at MLflow: the import, the database, the client."""

from __future__ import annotations

import gc
import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.model.errors import TrackingError
from reconciler.tracking.store.refusals import refusals_explained
from reconciler.tracking.uri import parse_tracking_uri

if TYPE_CHECKING:
    from reconciler.tracking.store.store import Store

# mlflow-skinny runs without these: to record runs none is needed, and to import them takes half of the start.
_NOT_NEEDED = ("pandas", "numpy", "scipy", "sklearn", "matplotlib")


def open_store(uri: str, artifact_root: Path | None) -> Store:
    """Import MLflow and make sure that its database is there, whole and of the right version.

    Raises:
        TrackingError: MLflow is not installed, or refuses the database, or the server does not answer.
    """
    _import_mlflow()
    from reconciler.tracking.store.database import prepare_database
    from reconciler.tracking.store.store import Store

    database = parse_tracking_uri(uri).database
    with refusals_explained(uri):
        if database is None:
            return Store(uri, None)
        root = artifact_root or database.parent / "artifacts"
        prepare_database(database, root)
        return Store(uri, root)


def _import_mlflow() -> None:
    gc.disable()
    blocked = [name for name in _NOT_NEEDED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(blocked))  # type: ignore[arg-type]  # None makes an import fail at once
    try:
        importlib.import_module("mlflow.tracking.client")
    except ImportError:
        _forget_mlflow(blocked)
        blocked = []
        try:
            importlib.import_module("mlflow.tracking.client")
        except ImportError as error:
            hint = f"install it for {sys.executable}, or use `--tracking none`"
            raise TrackingError(f"MLflow cannot be imported: {error}", hint=hint) from error
    finally:
        for name in blocked:
            sys.modules.pop(name, None)
        gc.freeze()  # what was imported stays: no need to look through it again
        gc.enable()


def _forget_mlflow(blocked: list[str]) -> None:
    for name in [*blocked, *(each for each in sys.modules if each.partition(".")[0] == "mlflow")]:
        sys.modules.pop(name, None)
