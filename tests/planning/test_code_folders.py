"""Code with what is laid beside it, and without what is ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.model.desired import Desired
from reconciler.model.manifests import Component
from reconciler.model.problems import Code, Problem
from reconciler.model.steps import CodeFolder
from reconciler.planning.code_folders import CodeFolders
from reconciler.planning.graph import GraphBuilder
from reconciler.planning.repository_paths import Unresolved
from reconciler.source.ignores import with_ignores
from tests.manifests.documents import component

from .history import Content, History

COMPONENT = "components/train/component.yaml"
FILES: Mapping[str, Content] = {
    "components/train/src/run.py": "1",
    "components/train/src/sub/a.py": "2",
    "common/says.py": "3",
    "notes.txt": "4",
}


def revision(history: History, files: Mapping[str, Content]) -> Desired:
    return with_ignores(history.revision(files), history)


def code_of(desired: Desired, codes: CodeFolders | None = None) -> CodeFolder:
    manifest = desired.manifests[COMPONENT]
    assert isinstance(manifest, Component)
    code = (codes or CodeFolders()).of(manifest, desired)
    assert code is not None
    return code


def code(changes: Mapping[str, Content] | None = None, **written: object) -> CodeFolder:
    return code_of(revision(History(), {**FILES, COMPONENT: component(**written), **(changes or {})}))


def problem(changes: Mapping[str, Content] | None = None, **written: object) -> Problem:
    with pytest.raises(Unresolved) as caught:
        code(changes, **written)
    return caught.value.problem


def test_a_code_folder_by_itself_is_a_tree_of_git() -> None:
    plain = code(code="src")
    assert (plain.entries, plain.paths) == (None, ("components/train/src",))
    assert not plain.tree.startswith("made-")


def test_includes_lie_in_it_under_their_own_names() -> None:
    made = code(code="src", additional_includes=["../../common", "../../notes.txt"])
    assert list(made.files) == ["common/says.py", "notes.txt", "run.py", "sub/a.py"]
    assert made.entries is not None
    assert list(made.entries) == ["common", "common/says.py", "notes.txt", "run.py", "sub", "sub/a.py"]
    assert made.paths == ("components/train/src", "common", "notes.txt")


def test_a_single_file_is_all_that_there_is() -> None:
    found = code(code="./src/run.py")
    assert set(found.files) == {"run.py"}
    assert found.tree == code({"components/train/src/other.py": "9"}, code="./src/run.py").tree
    assert found.tree != code({"components/train/src/run.py": "9"}, code="./src/run.py").tree


def test_what_it_is_made_of_decides_what_it_is() -> None:
    includes: dict[str, Any] = {"code": "src", "additional_includes": ["../../common"]}
    made = code(**includes)
    assert code({"notes.txt": "changed"}, **includes).tree == made.tree
    for path in ("common/says.py", "common/new.py", "components/train/src/run.py"):
        assert code({path: "changed"}, **includes).tree != made.tree


def test_the_same_files_by_another_way_are_the_same_code() -> None:
    made = code(code="src", additional_includes=["../../common"])
    moved = code({"other/common/says.py": "3"}, code="src", additional_includes=["../../other/common"])
    assert moved.tree == made.tree


def test_what_is_ignored_is_no_part_of_it() -> None:
    ignored = {
        "components/train/src/.amlignore": "*.ipynb\nsub/",
        "components/train/src/a.ipynb": "1",
    }
    made = code(ignored, code="src")
    assert list(made.files) == ["run.py"]
    assert made.entries is not None
    assert list(made.entries) == ["run.py"]
    assert code({**ignored, "components/train/src/b.ipynb": "2"}, code="src").tree == made.tree


def test_an_ignore_file_holds_for_its_own_folder_alone() -> None:
    written = {"common/.amlignore": "*.txt", "common/a.txt": "1", "components/train/src/a.txt": "1"}
    made = code(written, code="src", additional_includes=["../../common"])
    assert list(made.files) == ["a.txt", "common/says.py", "run.py", "sub/a.py"]


def test_a_pattern_that_is_none_is_told_with_its_line() -> None:
    desired = revision(History(), {**FILES, COMPONENT: component(code="src"), "common/.amlignore": "*.txt\n!\n"})
    (found,) = desired.problems
    assert (found.file, found.line, found.message) == ("common/.amlignore", 2, "`!` is no pattern")
    assert desired.ignores == {"common": ("*.txt",)}


def test_a_repository_without_ignore_files_is_left_as_it_is() -> None:
    history = History()
    desired = history.revision({**FILES, COMPONENT: component(code="src")})
    assert with_ignores(desired, history) is desired


@pytest.mark.parametrize(
    ("include", "fault", "message", "hint"),
    [
        ("../../comon", Code.MISSING_FILE, "there is no file or folder `comon`", "commit it"),
        (
            "../../common.zip",
            Code.MISSING_FILE,
            "no folder is zipped here",
            "include the folder itself: `../../common`",
        ),
        ("../../../x", Code.OUTSIDE_REPOSITORY, "leads out of the repository", "stay in the repository"),
        ("../..", Code.MISSING_FILE, "the whole repository cannot be included", "name the folders"),
        ("other/run.py", Code.DUPLICATE_NAME, "would take the place of `run.py`", "rename one of the two"),
    ],
)
def test_an_include_that_cannot_be_laid_out_is_told_where_it_stands(
    include: str, fault: Code, message: str, hint: str
) -> None:
    found = problem(
        {"components/train/other/run.py": "1"}, code="src", additional_includes=["../../notes.txt", include]
    )
    assert found.code is fault
    assert message in found.message
    assert hint in found.hint
    assert found.pointer == ("additional_includes", 1)


def test_a_component_that_no_pipeline_uses_is_judged_too_and_again_when_the_include_comes() -> None:
    builder, history = GraphBuilder(), History()
    files = {**FILES, COMPONENT: component(code="src", additional_includes=["../../later"], environment={"image": "x"})}
    _, problems = builder.build(revision(history, files))
    assert [each.code for each in problems] == [Code.MISSING_FILE]
    _, problems = builder.build(revision(history, {**files, "later/a.py": "1"}))
    assert problems == []
    _, problems = builder.build(revision(history, files))
    assert [each.code for each in problems] == [Code.MISSING_FILE]


def test_it_is_listed_once_as_long_as_nothing_of_it_changed() -> None:
    history, codes = History(), CodeFolders()
    files = {**FILES, COMPONENT: component(code="src", additional_includes=["../../common"])}
    first = code_of(revision(history, files), codes)
    assert code_of(revision(history, {**files, "notes.txt": "5"}), codes) is first
    assert code_of(revision(history, {**files, "common/says.py": "5"}), codes) is not first
