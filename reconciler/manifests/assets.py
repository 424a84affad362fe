"""Environments, data assets, models and computes from their documents."""

from __future__ import annotations

from typing import Any

from reconciler.manifests.fields import Reading, identity, shared_fields
from reconciler.model.digests import canonical
from reconciler.model.manifests import Compute, DataAsset, Environment, Model


def environment(document: dict[str, Any], reading: Reading, default_name: str) -> Environment:
    """An environment; `default_name` names one that stands inline and has no name of its own."""
    build = document.get("build") or {}
    conda = document.get("conda_file")
    return Environment(
        **shared_fields(document, reading, default_name),
        image=document.get("image"),
        conda_file=conda.removeprefix("file:") if isinstance(conda, str) else None,
        conda=canonical(conda) if isinstance(conda, dict) else None,
        build_path=build.get("path"),
        dockerfile=build.get("dockerfile_path", "Dockerfile") if build else None,
    )


def data_asset(document: dict[str, Any], reading: Reading, default_name: str) -> DataAsset:
    """A data asset; a folder where no type is given, as on Azure."""
    return DataAsset(
        **shared_fields(document, reading, default_name),
        type=document.get("type", "uri_folder"),
        path=path_of(document["path"]),
    )


def model(document: dict[str, Any], reading: Reading, default_name: str) -> Model:
    """A trained model that lies somewhere; of a kind of its own where no type is given, as on Azure."""
    return Model(
        **shared_fields(document, reading, default_name),
        type=document.get("type", "custom_model"),
        path=path_of(document["path"]),
    )


def compute(document: dict[str, Any], reading: Reading, default_name: str) -> Compute:
    """A compute target, of which only the name means something here."""
    return Compute(
        file=reading.file,
        name=str(document.get("name") or default_name),
        version=None,
        description=document.get("description") or "",
        identity=identity(document),
        is_named="name" in document,
        place=reading.place,
        type=document["type"],
    )


def path_of(written: str) -> str:
    """A path without the `file:` that Azure ML's CLI allows before it."""
    return written.removeprefix("file:") if "://" not in written else written
