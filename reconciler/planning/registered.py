"""References to data assets that steps registered: versions that stand in no manifest."""

from __future__ import annotations

from reconciler.model.desired import Desired
from reconciler.model.pipelines import Pipeline
from reconciler.model.references import LATEST, Reference
from reconciler.model.runs import RegisteredData
from reconciler.model.steps import DataSource
from reconciler.model.versions import highest_fitting, parse_version


def registered_version(desired: Desired, reference: Reference) -> RegisteredData | None:
    """The highest version that fits, None where none of that name does.

    Raises:
        InvalidRangeError: the reference holds no version that can be understood.
    """
    versions = {known.version: known for known in desired.registered if known.name == reference.name}
    if not versions or reference.path is not None:
        return None
    if reference.wanted == LATEST:
        return versions[str(max(parse_version(version) for version in versions))]
    best = highest_fitting(reference.wanted, frozenset(versions))
    return versions[best] if best is not None else None


def registered_source(registered: RegisteredData, file: str) -> DataSource:
    """Its content as a step reads it; `file` is the manifest that refers to it."""
    return DataSource(
        label=f"{registered.name} {registered.version}",
        type=registered.type,
        digest=registered.digest,
        path=registered.name,
        is_folder=registered.type != "uri_file",
        file=file,
        is_kept=True,
    )


def registering(desired: Desired, name: str | None) -> Pipeline | None:
    """The pipeline that registers an output under a name, None where none does."""
    if not name:
        return None
    for pipeline in desired.pipelines:
        outputs = (*pipeline.outputs, *(output for job in pipeline.jobs for output in job.outputs))
        if any(output.asset_name == name for output in outputs):
            return pipeline
    return None
