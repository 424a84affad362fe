"""What has to be here before a revision counts as applied, and what is said of files in Git LFS that are not."""

from __future__ import annotations

import json
from dataclasses import replace

from reconciler.model.desired import Desired
from reconciler.model.problems import Code
from reconciler.model.snapshot import Entry, EntryKind
from reconciler.planning.graph import GraphBuilder
from reconciler.planning.large_files import attribute_files, needed_files, problems_of
from reconciler.planning.needed_content import needed_content
from reconciler.planning.repository_paths import missing
from tests.manifests.documents import component

from .history import Content, History

FILES: dict[str, Content] = {
    "train/component.yaml": component(
        code="src", environment="azureml:built@latest", inputs={"table": {"type": "uri_folder"}}
    ),
    "train/src/run.py": "1",
    "data/one.csv": "2",
    "data/two.csv": "3",
    "unused/large.bin": "4",
    "built/environment.yaml": {"name": "built", "version": "1.0.0", "build": {"path": "context"}},
    "built/context/Dockerfile": "FROM python",
    "conda/environment.yaml": {"name": "conda", "version": "1.0.0", "image": "python", "conda_file": "conda.yaml"},
    "conda/conda.yaml": {"dependencies": ["python"]},
    ".gitattributes": "*.csv filter=lfs",
    "pipeline.yaml": {
        "type": "pipeline",
        "name": "lending",
        "jobs": {
            "train": {
                "type": "command",
                "component": "file:train/component.yaml",
                "inputs": {"table": {"type": "uri_folder", "path": "data"}},
            }
        },
    },
}


def _revision() -> Desired:
    return History().revision(FILES)


def test_it_is_code_and_data_of_pipelines_and_what_every_environment_is_built_from() -> None:
    desired = _revision()
    graphs, problems = GraphBuilder().build(desired)
    assert [problem for problem in problems if problem.is_error] == []
    paths = ("train/src", "data", "built/context", "conda/conda.yaml")
    assert set(needed_content(desired, graphs)) == {desired.snapshot.entries[path].oid for path in paths}


def test_files_that_steps_need_are_told_with_the_manifest_that_names_them() -> None:
    desired = _revision()
    graphs, _ = GraphBuilder().build(desired)
    needed = needed_files(graphs, desired.snapshot)
    entries = desired.snapshot.entries
    assert needed == {
        entries["train/src/run.py"].oid: ("train/src/run.py", "train/component.yaml"),
        entries["data/one.csv"].oid: ("data/one.csv", "pipeline.yaml"),
        entries["data/two.csv"].oid: ("data/two.csv", "pipeline.yaml"),
    }
    (problem,) = problems_of(needed, {entries["data/one.csv"].oid, entries["data/two.csv"].oid})
    assert (problem.file, problem.code) == ("pipeline.yaml", Code.MISSING_FILE)
    assert problem.message == "`data/one.csv` is in Git LFS, and its content is not here"
    assert list(problems_of(needed, ())) == []


def test_what_may_say_that_a_file_is_in_git_lfs_is_found_in_every_folder() -> None:
    snapshot = History().revision({**FILES, "data/.gitattributes": json.dumps("x")}).snapshot
    assert set(attribute_files(snapshot)) == {
        snapshot.entries[path].oid for path in (".gitattributes", "data/.gitattributes")
    }


def test_what_lies_in_a_submodule_is_said_to() -> None:
    snapshot = _revision().snapshot
    entries = {**snapshot.entries, "vendor": Entry("1" * 40, EntryKind.SUBMODULE)}
    linked = replace(snapshot, entries=entries)
    message, hint = missing("vendor/src", linked, "there is nothing", "commit it")
    assert message == "`vendor/src` lies in the submodule `vendor`, which is not here"
    assert "`submodules: true`" in hint
    assert missing("none/src", linked, "there is nothing", "commit it") == ("there is nothing", "commit it")
