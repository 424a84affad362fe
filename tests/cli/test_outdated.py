"""`outdated`: what pipelines pin, what that resolves to, the newest, and what would change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .program import Answer, reconciler
from .releases import SPLIT, TRAIN, ReleasedRepository, split

Verb = Callable[..., Answer]


@pytest.fixture
def outdated(repository: ReleasedRepository, state: Path) -> Verb:
    """Calls the verb on the repository."""

    def outdated(*arguments: str) -> Answer:
        return reconciler("outdated", *arguments, "--path", repository.top, "--state", state)

    return outdated


def test_each_pin_with_what_it_could_be(outdated: Verb) -> None:
    answer = outdated()
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines() == [
        "PIPELINE  REFERENCE    RESOLVES TO  WITHIN  NEWEST  CHANGE",
        "score     split@1.0.0  1.0.0        1.1.0   2.0.0   patch",
        "train     split@^1.0   1.1.0        1.1.0   2.0.0   major: input seed removed",
    ]


def test_one_pipeline_alone_and_what_is_up_to_date_too(outdated: Verb) -> None:
    rows = outdated("train", "--all").table
    assert [(row["REFERENCE"], row["NEWEST"], row["CHANGE"]) for row in rows] == [
        ("split@^1.0", "2.0.0", "major: input seed removed"),
        ("fit:1.0.0", "1.0.0", "-"),
        ("tools@1.0.0", "1.0.0", "-"),
    ]


def test_as_json(outdated: Verb) -> None:
    (row,) = outdated("train", "-o", "json").data
    assert row == {
        "pipeline": "train",
        "kind": "component",
        "name": "split",
        "reference": "split@^1.0",
        "file": TRAIN,
        "pinned": "^1.0",
        "resolves_to": "1.1.0",
        "within_range": "1.1.0",
        "newest": "2.0.0",
        "outdated": True,
        "required": "major",
        "changes": ["input seed removed"],
        "broken": None,
    }


def test_a_version_that_only_a_tag_holds_is_the_newest_too(outdated: Verb, repository: ReleasedRepository) -> None:
    repository.release(SPLIT, split("3.0.0", "text: {type: string}, rows: {type: integer}"), "component/split/v3.0.0")
    repository.origin.push({SPLIT: split("2.0.0")})
    rows = outdated("train").table
    assert [(row["NEWEST"], row["CHANGE"]) for row in rows] == [
        ("3.0.0", "major: input rows added; input seed removed")
    ]


def test_a_newest_that_cannot_be_used_is_told(outdated: Verb, repository: ReleasedRepository) -> None:
    repository.origin.git("tag", "component/split/v9.0.0")
    (row,) = outdated("train", "-o", "json").data
    assert (row["newest"], row["required"]) == ("9.0.0", "none")
    assert "the tag `component/split/v9.0.0` cannot be used: the manifest there says `version: 2.0.0`" in row["broken"]


def test_the_exit_code_tells_where_it_is_asked_to(outdated: Verb, repository: ReleasedRepository) -> None:
    assert outdated("--exit-code").code == 3
    path = repository.top / TRAIN
    path.write_text(path.read_text().replace("^1.0", "^2.0"))
    answer = outdated("train", "--exit-code")
    assert (answer.code, answer.out) == (0, "nothing is outdated: 4 references looked at\n")


def test_a_pipeline_that_is_not_there(outdated: Verb) -> None:
    answer = outdated("trian")
    assert answer.code == 1
    assert "there is no pipeline `trian`" in answer.err
    assert "did you mean `train`?" in answer.err


def test_files_with_mistakes_are_named_and_the_others_looked_at(outdated: Verb, repository: ReleasedRepository) -> None:
    (repository.top / "pipelines/score.yaml").write_text("type: pipeline\njobs: [\n")
    answer = outdated()
    assert [row["PIPELINE"] for row in answer.table] == ["train"]
    assert answer.err == ("pipelines/score.yaml is not looked at: it has mistakes, which `reconciler validate` shows\n")


def test_without_git_the_versions_of_the_folder_count(tmp_path: Path, state: Path) -> None:
    for name, text in {"a.yaml": split("1.0.0"), "b.yaml": split("1.2.0")}.items():
        (tmp_path / "tree").mkdir(exist_ok=True)
        (tmp_path / "tree" / name).write_text(text)
    (tmp_path / "tree" / "p.yaml").write_text(
        "type: pipeline\nname: p\njobs: {s: {component: 'azureml:split@1.0.0'}}\n"
    )
    answer = reconciler("outdated", "--path", tmp_path / "tree", "--state", state, "-o", "json")
    assert [(row["resolves_to"], row["newest"]) for row in answer.data] == [("1.0.0", "1.2.0")]


def test_a_folder_without_pipelines(tmp_path: Path, state: Path) -> None:
    (tmp_path / "empty").mkdir()
    answer = reconciler("outdated", "--path", tmp_path / "empty", "--state", state)
    assert (answer.code, answer.out) == (0, "no pipeline refers to a version\n")
