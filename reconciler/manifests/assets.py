"""Environments and data assets from their documents."""

from __future__ import annotations

from typing import Any

from reconciler.manifests.fields import Reading, identity, version_of
from reconciler.model.digests import canonical
from reconciler.model.manifests import DataAsset, Environment


def environment(document: dict[str, Any], reading: Reading, default_name: str) -> Environment:
    """An environment; `default_name` names one that stands inline and has no name of its own."""
    build = document.get("build") or {}
    conda = document.get("conda_file")
    return Environment(
        file=reading.file,
        name=str(document.get("name") or default_name),
        version=version_of(document, reading),
        description=document.get("description") or "",
        identity=identity(document),
        image=document.get("image"),
        conda_file=conda.removeprefix("file:") if isinstance(conda, str) else None,
        conda=canonical(conda) if isinstance(conda, dict) else None,
        build_path=build.get("path"),
        dockerfile=build.get("dockerfile_path", "Dockerfile") if build else None,
    )


def data_asset(document: dict[str, Any], reading: Reading, default_name: str) -> DataAsset:
    """A data asset; a folder where no type is given, as on Azure."""
    return DataAsset(
        file=reading.file,
        name=str(document.get("name") or default_name),
        version=version_of(document, reading),
        description=document.get("description") or "",
        identity=identity(document),
        type=document.get("type", "uri_folder"),
        path=document["path"].removeprefix("file:") if "://" not in document["path"] else document["path"],
    )
