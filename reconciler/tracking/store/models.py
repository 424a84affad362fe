"""The model registry: what runs registered, and which aliases point at it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from mlflow.entities.model_registry import ModelVersion as MlflowModelVersion
from mlflow.entities.model_registry import RegisteredModel
from mlflow.exceptions import MlflowException
from mlflow.tracking.client import MlflowClient

from reconciler.tracking.base import ModelMark, ModelRequest, ModelVersion
from reconciler.tracking.store.runs import ROOT_RUN_ID
from reconciler.tracking.store.tags import CONTENT_DIGEST, REUSED_FROM

_IDS_IN_A_FILTER = 100


def registered(client: MlflowClient, run_ids: Sequence[str], below: str = "") -> tuple[ModelVersion, ...]:
    """The versions of these runs; for a copy, those of its source too that were made after the copy.

    A step may hand an id of its run or model on in a file. When it is reused, that file still says the source's.
    """
    asked = {run_id for run_id in run_ids if run_id} | (_below(client, below) if below else set())
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


def _below(client: MlflowClient, root: str) -> set[str]:
    """The runs of a root, which its own process may not know any more when it was killed in between."""
    experiment = client.get_run(root).info.experiment_id
    ids: set[str] = set()
    token = None
    while True:
        page = client.search_runs([experiment], f"tags.`{ROOT_RUN_ID}` = '{root}'", max_results=1000, page_token=token)
        ids |= {run.info.run_id for run in page}
        token = page.token
        if not token:
            return ids


def versions_of(client: MlflowClient, names: Iterable[str]) -> tuple[ModelVersion, ...]:
    """All versions of these models, the oldest first, with tags and aliases."""
    found: list[ModelVersion] = []
    for name in names:
        aliases = _aliases(client, name) if _is_there(client, name) else {}
        versions = sorted(_named(client, name), key=lambda version: int(version.version))
        found.extend(
            ModelVersion(
                name,
                str(version.version),
                aliases.get(str(version.version), ()),
                version.run_id or "",
                dict(version.tags),
            )
            for version in versions
        )
    return tuple(found)


def holders(client: MlflowClient, alias: str, names: Sequence[str]) -> dict[str, str]:
    """The versions that an alias points at, by model; of all models where none is named."""
    if names:
        models = [client.get_registered_model(name) for name in names if _is_there(client, name)]
    else:
        models = list(_registered_models(client))
    return {model.name: str(model.aliases[alias]) for model in models if alias in model.aliases}


def _registered_models(client: MlflowClient) -> Iterator[RegisteredModel]:
    token = None
    while True:
        page = client.search_registered_models(max_results=1000, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _is_there(client: MlflowClient, name: str) -> bool:
    try:
        client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return False
    return True


def mark(client: MlflowClient, marks: Iterable[ModelMark]) -> None:
    """Tags first: who sees an alias finds them."""
    for each in marks:
        for key, value in each.tags.items():
            client.set_model_version_tag(each.name, each.version, key, value)
        for alias in each.aliases:
            client.set_registered_model_alias(each.name, alias, each.version)
        for alias in each.lost:
            client.delete_registered_model_alias(each.name, alias)


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
