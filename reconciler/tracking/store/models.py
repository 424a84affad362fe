"""The model registry: what runs registered, and which aliases point at it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from mlflow.entities.model_registry import ModelVersion as MlflowModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking.client import MlflowClient

from reconciler.tracking.base import ModelRequest, ModelVersion
from reconciler.tracking.store.tags import CONTENT_DIGEST, REUSED_FROM

_IDS_IN_A_FILTER = 100


def registered(client: MlflowClient, run_ids: Sequence[str]) -> tuple[ModelVersion, ...]:
    """The versions of these runs; for a copy, those of its source too that were made after the copy.

    A step may hand an id of its run or model on in a file. When it is reused, that file still says the source's.
    """
    asked = {run_id for run_id in run_ids if run_id}
    copied = _sources_of_copies(client, asked)
    found = [
        version
        for version in _versions(client, [*asked, *(copied.keys() - asked)])
        if version.run_id in asked or version.creation_timestamp >= copied[version.run_id or ""]
    ]
    aliases = {name: _aliases(client, name) for name in {version.name for version in found}}
    found.sort(key=lambda version: (version.name, int(version.version)))
    return tuple(
        ModelVersion(
            version.name,
            str(version.version),
            aliases[version.name].get(str(version.version), ()),
            version.run_id or "",
        )
        for version in found
    )


def register_model(client: MlflowClient, wanted: ModelRequest) -> ModelVersion:
    """A version of the model with this content, made where there is none."""
    with suppress(MlflowException):  # it is there
        client.create_registered_model(wanted.name)
    # A search by tags is not told of in every store, so all versions of the one name are looked at.
    same = next((known for known in _named(client, wanted.name) if _has_content(known, wanted.digest)), None)
    if same is None:
        if wanted.path.is_dir():
            client.log_artifacts(wanted.run_id, str(wanted.path), wanted.place)
        else:
            client.log_artifact(wanted.run_id, str(wanted.path), wanted.place)
        source = f"{client.get_run(wanted.run_id).info.artifact_uri}/{wanted.place}"
        tags = {**wanted.tags, CONTENT_DIGEST: wanted.digest}
        same = client.create_model_version(wanted.name, source, wanted.run_id, tags)
    aliases = _aliases(client, wanted.name).get(str(same.version), ())
    return ModelVersion(wanted.name, str(same.version), aliases, same.run_id or "")


def _named(client: MlflowClient, name: str) -> Iterator[MlflowModelVersion]:
    quoted = name.replace("'", "")
    token = None
    while True:
        page = client.search_model_versions(f"name='{quoted}'", max_results=1000, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _has_content(version: MlflowModelVersion, digest: str) -> bool:
    return version.tags.get(CONTENT_DIGEST) == digest


def set_aliases(client: MlflowClient, versions: Iterable[ModelVersion]) -> None:
    """Let these aliases point at these versions, wherever they point now."""
    for version in versions:
        for alias in version.aliases:
            client.set_registered_model_alias(version.name, alias, version.version)


def _sources_of_copies(client: MlflowClient, run_ids: Iterable[str]) -> Mapping[str, int]:
    """The runs that some of these are copies of, each with the time of its first copy."""
    sources: dict[str, int] = {}
    for run_id in run_ids:
        try:
            run = client.get_run(run_id)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            continue  # removed from MLflow; its versions may still be there
        source = run.data.tags.get(REUSED_FROM)
        if source:
            sources[source] = min(run.info.start_time, sources.get(source, run.info.start_time))
    return sources


def _versions(client: MlflowClient, run_ids: Sequence[str]) -> Iterator[MlflowModelVersion]:
    for start in range(0, len(run_ids), _IDS_IN_A_FILTER):
        ids = ", ".join(f"'{run_id}'" for run_id in run_ids[start : start + _IDS_IN_A_FILTER])
        token = None
        while True:
            page = client.search_model_versions(f"run_id IN ({ids})", max_results=1000, page_token=token)
            yield from page
            token = page.token
            if not token:
                break


def _aliases(client: MlflowClient, name: str) -> Mapping[str, tuple[str, ...]]:
    """Aliases by version, asked for by model: a search for versions does not tell them in every store."""
    by_version: dict[str, tuple[str, ...]] = {}
    for alias, version in sorted(client.get_registered_model(name).aliases.items()):
        by_version[str(version)] = (*by_version.get(str(version), ()), alias)
    return by_version
