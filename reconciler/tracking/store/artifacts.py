"""The files of runs and models, put where a copy's files belong."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from mlflow.artifacts import download_artifacts
from mlflow.entities import LoggedModel, Run
from mlflow.tracking.client import MlflowClient

MODEL_FILE = "MLmodel"
_REGISTRATION = "registered_model_meta"  # MLflow leaves it where a registered model was loaded; it is not the copy's
_LARGE = 1_000_000


def copy_run_artifacts(client: MlflowClient, source: Run, copy: Run) -> None:
    """Copy what the run keeps beside its models."""
    ids = {source.info.run_id: copy.info.run_id}
    here, there = local_folder(source.info.artifact_uri), local_folder(copy.info.artifact_uri)
    if here and there:
        _copy_folder(here, there, ids)
    elif client.list_artifacts(source.info.run_id):
        with tempfile.TemporaryDirectory() as folder:
            fetched = Path(client.download_artifacts(source.info.run_id, "", folder))
            make_the_copys_own(fetched, ids)
            client.log_artifacts(copy.info.run_id, str(fetched))


def copy_model_artifacts(client: MlflowClient, original: LoggedModel, copy: LoggedModel) -> None:
    """Copy a model's files; its `MLmodel` then names the copied model and run. Local ones may be of another record."""
    ids = {original.model_id: copy.model_id, original.source_run_id or "": copy.source_run_id or ""}
    here, there = local_folder(original.artifact_location), local_folder(copy.artifact_location)
    if here and there:
        _copy_folder(here, there, ids)
        return
    with tempfile.TemporaryDirectory() as folder:
        if here:
            fetched = Path(shutil.copytree(here, Path(folder) / "model"))
        else:
            fetched = Path(download_artifacts(artifact_uri=f"models:/{original.model_id}", dst_path=folder))
        make_the_copys_own(fetched, ids)
        client.log_model_artifacts(copy.model_id, str(fetched))


def local_folder(uri: str) -> Path | None:
    """The folder of local artifacts; None where they are behind a server or in a store."""
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return Path(url2pathname(parts.path))
    return None if parts.scheme else Path(uri)


def _copy_folder(source: Path, target: Path, ids: Mapping[str, str]) -> None:
    for folder, _, files in os.walk(source):
        into = target / Path(folder).relative_to(source)
        into.mkdir(parents=True, exist_ok=True)
        for name in files:
            file = Path(folder) / name
            if not file.is_symlink():  # MLflow makes no links; one could lead anywhere
                _copy_file(file, into / name)
    make_the_copys_own(target, ids)


def _copy_file(source: Path, target: Path) -> None:
    """Link large files, which nobody edits; a copy of a small one costs the same and may be edited in place."""
    if source.stat().st_size > _LARGE:
        try:
            target.hardlink_to(source)
        except OSError:  # another file system, or one without links
            pass
        else:
            return
    shutil.copyfile(source, target)


def make_the_copys_own(folder: Path, ids: Mapping[str, str]) -> None:
    """Let what models say of themselves name the copied model and run."""
    for file in folder.rglob(_REGISTRATION):
        file.unlink()
    for file in folder.rglob(MODEL_FILE):
        text = file.read_text(encoding="utf-8")
        for old, new in ids.items():
            text = text.replace(old, new) if old else text
        file.write_text(text, encoding="utf-8")
