"""Environments as what is built of them: image, conda file or build context, with the digest of it all."""

from __future__ import annotations

from reconciler.model.desired import Desired
from reconciler.model.digests import digest_of
from reconciler.model.manifests import Environment
from reconciler.model.problems import Code, Problem
from reconciler.model.snapshot import EntryKind, inside
from reconciler.model.steps import EnvironmentSpec
from reconciler.planning.repository_paths import Unresolved, missing, within_repository


def environment_spec(environment: Environment, desired: Desired) -> EnvironmentSpec:
    """An environment with the digest of its image, conda file or build context.

    Raises:
        Unresolved: a file that it names is not in the repository.
    """
    snapshot = desired.snapshot
    conda_blob = context_tree = context = dockerfile_blob = None
    if environment.conda_file is not None:
        path = within_repository(environment.file, environment.conda_file, ("conda_file",))
        entry = snapshot.entry(path)
        if entry is None or entry.kind is not EntryKind.FILE:
            message, hint = f"there is no conda file `{path}`", "commit it, or correct the path"
            message, hint = missing(path, snapshot, message, hint)
            raise Unresolved(Problem(environment.file, Code.MISSING_FILE, message, hint, ("conda_file",)))
        conda_blob = entry.oid
    if environment.build_path is not None:
        path = within_repository(environment.file, environment.build_path, ("build", "path"))
        folder = snapshot.entry(path)
        dockerfile = inside(path, str(environment.dockerfile))
        found = snapshot.entry(dockerfile)
        if folder is None or found is None:
            message, hint = f"there is no `{dockerfile}`", "commit the Dockerfile, or correct `build:`"
            message, hint = missing(dockerfile, snapshot, message, hint)
            raise Unresolved(Problem(environment.file, Code.MISSING_FILE, message, hint, ("build",)))
        context = _context_files(environment, path, desired)
        context_tree, dockerfile_blob = folder.oid, found.oid
    said = [environment.image, conda_blob, environment.conda, context, environment.dockerfile]
    recipe = digest_of(said)
    bases = desired.bases.get(recipe, ())
    pins = [[name, pinned.rpartition("@")[2]] for name, pinned in bases if pinned]
    return EnvironmentSpec(
        name=environment.name,
        version=environment.version,
        digest=digest_of([*said, pins]) if pins else recipe,
        file=environment.file,
        image=environment.image,
        conda=environment.conda,
        conda_blob=conda_blob,
        context_tree=context_tree,
        dockerfile=environment.dockerfile,
        dockerfile_blob=dockerfile_blob,
        recipe=recipe,
        bases=bases,
    )


def _context_files(environment: Environment, path: str, desired: Desired) -> list[tuple[str, str]]:
    """The files of a build context; the manifest itself is none, so that a new version builds nothing."""
    files = desired.snapshot.files_under(path)
    prefix = inside(path)
    return sorted((name, oid) for name, oid in files.items() if prefix + name != environment.file)
