"""What is valid here is valid for Microsoft's own client; where it takes what is refused here, the case says why."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.manifests import yaml_reader
from reconciler.manifests.kinds import Form, form_of_document
from reconciler.manifests.loader import Loader
from reconciler.model.kinds import kind_of
from reconciler.model.manifests import Kind
from reconciler.shipped import shipped_folder
from reconciler.source.worktree import worktree_snapshot

from .expectations import expectation_of
from .oracle import verdicts, without_extensions
from .repositories import Case, Repositories, invalid_cases, valid_repositories

pytestmark = pytest.mark.e2e

_KIND_OF_FORM = {
    Form.PIPELINE_COMPONENT: Kind.COMPONENT,
    Form.COMMAND_JOB: Kind.PIPELINE,
    Form.SWEEP_JOB: Kind.PIPELINE,
}


BEYOND = {
    "ours/conda-by-url.yml": "`file:` before the path of a conda file, as before that of a component",
    "ours/default.yml": "`default` of a pipeline job's input, as of a component's",
    "ours/inline-pipeline.yml": "`jobs` of a node itself; there, they stand below its `component`",
    "nested-inline/pipeline.yml": "a pipeline component inside of a node; there, it stands in a file of its own",
    "ours/keys.yml": "keys such as `on` and dates, which its reader takes for values of other types than text",
    "ours/sweep-by-file.yml": "the trial of a standalone sweep in a file, as that of a pipeline's sweep",
    "schedules/inline.yml": "a job that stands in `create_job` itself; there, it stands in a file",
    "names/Prepare-Data.yml": "a component without a name, which goes by its file",
    "names/test/component.yml": "a component without a name, which goes by its folder",
    "names/train/component.yml": "a component without a name, which goes by its folder",
}
"""What is taken here and refused by the client, for there is but one thing that it can mean."""


@pytest.fixture(scope="module")
def accepted(repositories: Repositories, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the client has against every manifest of the corpus and of what is shipped, by path."""
    top = tmp_path_factory.mktemp("oracle") / "corpus"
    shutil.copytree(repositories.top, top)
    shutil.copytree(shipped_folder("repo-template"), top / "shipped")
    shutil.copytree(shipped_folder("components"), top / "shipped/components")
    without_extensions(top / "valid")
    without_extensions(top / "shipped")
    files = dict(_files(repositories, top))
    said = verdicts([(kind, top / path) for path, kind in files.items()])
    return dict(zip(files, said, strict=True))


def _files(repositories: Repositories, top: Path) -> Iterator[tuple[str, str]]:
    for repository in valid_repositories():
        name = f"valid/{repository.name}"
        for path, manifest in repositories.judge(name).desired.manifests.items():
            yield f"{name}/{path}", kind_of(manifest)
    for path, kind in _shipped(top):
        yield f"shipped/{path}", kind
    for case in invalid_cases():
        for path in case.manifests:
            meant = _kind_of_file(top / case.id / path)
            if meant is not None:
                yield f"{case.id}/{path}", meant


def _shipped(top: Path) -> list[tuple[str, str]]:
    scratch = top.parent / "scratch"
    scratch.mkdir()
    tree = worktree_snapshot(top / "shipped", scratch)
    try:
        manifests = Loader().load(tree.snapshot, tree.objects).manifests
    finally:
        tree.objects.close()
    return [(path, kind_of(manifest)) for path, manifest in manifests.items()]


def _kind_of_file(path: Path) -> str | None:
    """The kind that a manifest was meant to be, whatever is wrong with it."""
    if path.suffix not in (".yaml", ".yml"):
        return None
    read = yaml_reader.read(path.read_bytes(), path.name)
    document = next((value for value in read.values if isinstance(value, dict)), None)
    form = form_of_document(document) if document else None
    return (_KIND_OF_FORM.get(form) or Kind(form.value)) if isinstance(form, Form) else None


def test_the_client_takes_every_manifest_of_the_valid_corpus(accepted: dict[str, str]) -> None:
    valid = {path: said for path, said in accepted.items() if path.startswith("valid/")}
    assert len(valid) >= 60
    beyond = {f"valid/{path}" for path in BEYOND}
    assert {path: said for path, said in valid.items() if said and path not in beyond} == {}
    assert {path for path in beyond if not valid[path]} == set()


def test_the_client_takes_what_is_shipped(accepted: dict[str, str]) -> None:
    shipped = {path: said for path, said in accepted.items() if path.startswith("shipped/")}
    assert len(shipped) > 10
    assert {path: said for path, said in shipped.items() if said} == {}


def test_where_the_client_takes_what_is_refused_the_case_says_why(
    accepted: dict[str, str], repositories: Repositories
) -> None:
    unexplained = [case.id for case in invalid_cases() if _is_taken(case, accepted) and _is_refused(case, repositories)]
    explained = [case.id for case in invalid_cases() if expectation_of(case).accepted]
    assert unexplained == explained


def _is_taken(case: Case, accepted: dict[str, str]) -> bool:
    said = [accepted[f"{case.id}/{path}"] for path in case.manifests if f"{case.id}/{path}" in accepted]
    return bool(said) and not any(said)


def _is_refused(case: Case, repositories: Repositories) -> bool:
    """Whether there is an error; a mere warning is no refusal."""
    return any(problem.is_error for problem in repositories.judge(case.id).problems)
