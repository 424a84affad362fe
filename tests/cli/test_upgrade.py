"""`upgrade`: references written anew in their files, and the plan that follows."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from .program import Answer, process, reconciler
from .releases import FIT, SCORE, SPLIT, TRAIN, ReleasedRepository, split, tools

Verb = Callable[..., Answer]
TOOLS = "environments/tools.yaml"


@pytest.fixture
def upgrade(repository: ReleasedRepository, state: Path) -> Verb:
    """Calls the verb on the repository."""

    def upgrade(*arguments: str) -> Answer:
        return reconciler("upgrade", *arguments, "--path", repository.top, "--state", state)

    return upgrade


def _diff(before: str, after: str) -> list[tuple[str, str]]:
    pairs = zip(before.splitlines(keepends=True), after.splitlines(keepends=True), strict=True)
    return [(old, new) for old, new in pairs if old != new]


def test_within_the_range_the_lower_bound_is_raised_and_nothing_else_touched(
    upgrade: Verb, repository: ReleasedRepository
) -> None:
    before = repository.read(TRAIN)
    answer = upgrade("train")
    assert (answer.code, answer.err) == (0, "")
    assert _diff(before, repository.read(TRAIN)) == [
        (
            "    component: azureml:split@^1.0   # whatever adds\n",
            "    component: azureml:split@^1.1.0   # whatever adds\n",
        )
    ]
    assert repository.changed == [TRAIN]
    edit, plan, *rest = answer.out.splitlines()
    assert edit == "pipelines/train.yaml:6: split@^1.0 → split@^1.1.0"
    assert plan.startswith("plan for worktree@sha1:")
    assert any(line.startswith("  pipeline train: run 2") for line in rest)


def test_the_plan_is_the_one_that_plan_shows_then(upgrade: Verb, repository: ReleasedRepository, state: Path) -> None:
    shown = upgrade("train").out.partition("\n")[2]
    assert shown == reconciler("plan", repository.top, "--state", state).out


def test_an_exact_version_is_upgraded_in_its_caret_range(upgrade: Verb, repository: ReleasedRepository) -> None:
    assert upgrade("score").out.startswith("pipelines/score.yaml:4: split@1.0.0 → split@1.1.0\n")
    assert "split: {component: 'azureml:split@1.1.0', inputs: {text: hello}}" in repository.read(SCORE)


def test_to_the_newest_the_operator_stays(upgrade: Verb, repository: ReleasedRepository) -> None:
    answer = upgrade("--all", "--latest")
    assert answer.out.splitlines()[:2] == [
        "pipelines/score.yaml:4: split@1.0.0 → split@2.0.0",
        "pipelines/train.yaml:6: split@^1.0 → split@^2.0.0",
    ]
    assert repository.changed == [SCORE, TRAIN]


def test_what_the_newest_breaks_is_shown_and_the_edit_stays(upgrade: Verb, repository: ReleasedRepository) -> None:
    repository.release(SPLIT, split("3.0.0", "rows: {type: integer}", "rows"), "component/split/v3.0.0")
    answer = upgrade("score", "--latest")
    assert answer.code == 1
    assert answer.out.startswith("pipelines/score.yaml:4: split@1.0.0 → split@3.0.0\n")
    assert "job `split` needs the input `rows`" in answer.out
    assert "azureml:split@3.0.0" in repository.read(SCORE)


def test_a_dry_run_writes_nothing_and_shows_the_same_plan(upgrade: Verb, repository: ReleasedRepository) -> None:
    answer = upgrade("train", "--dry-run")
    assert repository.changed == []
    edit, note, *plan = answer.out.splitlines()
    assert (edit, note) == (
        "pipelines/train.yaml:6: split@^1.0 → split@^1.1.0",
        "nothing was written; with these edits:",
    )
    assert plan == upgrade("train").out.splitlines()[1:]


def test_only_one_name(upgrade: Verb, repository: ReleasedRepository) -> None:
    repository.release(TOOLS, tools("1.1.0"), "environment/tools/v1.1.0")
    answer = upgrade("--all", "--only", "tools")
    assert answer.out.splitlines()[0] == "components/fit/component.yaml:7: tools@1.0.0 → tools@1.1.0"
    assert repository.changed == [FIT]
    unknown = upgrade("--all", "--only", "tolls")
    assert (unknown.code, unknown.out) == (1, "")
    assert "no pipeline refers to a version of `tolls`" in unknown.err


def test_a_file_of_others_is_refused_with_their_names(upgrade: Verb, repository: ReleasedRepository) -> None:
    repository.release(TOOLS, tools("1.1.0"), "environment/tools/v1.1.0")
    answer = upgrade("train")
    assert (answer.code, answer.out, repository.changed) == (1, "", [])
    assert (
        "components/fit/component.yaml:7: `tools@1.0.0` stands in a file that `score` uses too; nothing was changed"
        in answer.err
    )
    assert "--shared" in answer.err
    assert upgrade("train", "--only", "split").code == 0
    assert repository.changed == [TRAIN]


def test_shared_files_are_edited_where_it_is_said(upgrade: Verb, repository: ReleasedRepository) -> None:
    repository.release(TOOLS, tools("1.1.0"), "environment/tools/v1.1.0")
    upgrade("train", "--shared")
    assert repository.changed == [FIT, TRAIN]


def test_the_files_of_tags_stay(upgrade: Verb, repository: ReleasedRepository) -> None:
    """Split 1.1.0 in its tag asks for tools ^1.0; only what stands at HEAD is edited."""
    repository.release(TOOLS, tools("1.4.0"), "environment/tools/v1.4.0")
    answer = upgrade("train", "--only", "tools", "--shared", "-o", "json")
    assert [edit["file"] for edit in answer.data["edits"]] == [FIT]


def test_a_dirty_tree_is_upgraded_as_it_stands(upgrade: Verb, repository: ReleasedRepository) -> None:
    path = repository.top / TRAIN
    path.write_text(path.read_text().replace("^1.0 ", "~1.0 ").replace("hello", "goodbye"))
    (repository.top / "broken.yaml").write_text("type: pipeline\njobs: [\n")
    (repository.top / "notes.txt").write_text("mine\n")
    answer = upgrade("train", "--latest", "--only", "split")
    assert answer.out.startswith("pipelines/train.yaml:6: split@~1.0 → split@~2.0.0\n")
    assert answer.code == 1  # the plan is refused for the broken file
    assert "broken.yaml is not looked at" in answer.err
    assert "goodbye" in repository.read(TRAIN)


def test_line_ends_quotes_and_modes_stay(upgrade: Verb, repository: ReleasedRepository) -> None:
    path = repository.top / SCORE
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    path.chmod(0o755)
    before = repository.read(SCORE)
    upgrade("score", "--latest")
    ((_, after),) = _diff(before, repository.read(SCORE))
    assert after == "  split: {component: 'azureml:split@2.0.0', inputs: {text: hello}}\r\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o755


def test_what_cannot_be_edited_is_left_alone_and_told(upgrade: Verb, repository: ReleasedRepository) -> None:
    path = repository.top / SCORE
    anchored = "component: &split 'azureml:split@1.0.0', inputs: {text: hello}}\n  again: {component: *split"
    path.write_text(path.read_text().replace("component: 'azureml:split@1.0.0'", anchored))
    before = repository.read(SCORE)
    answer = upgrade("score")
    first, second, last = answer.out.splitlines()
    assert first.startswith("pipelines/score.yaml:4: split@1.0.0 stays: ")
    assert "anchor" in first
    assert second.startswith("pipelines/score.yaml:5: split@1.0.0 stays: ")
    assert (last, answer.code, repository.read(SCORE)) == ("nothing to upgrade", 0, before)


def test_references_to_a_registry_of_azure_are_left_alone(upgrade: Verb, repository: ReleasedRepository) -> None:
    path = repository.top / SCORE
    path.write_text(path.read_text().replace("split@1.0.0", "//registries/azureml/components/split/versions/1.0.0"))
    answer = upgrade("score", "--latest", "-o", "json")
    assert answer.data["edits"] == []
    (left,) = answer.data["left"]
    assert (left["file"], left["line"]) == (SCORE, 4)
    assert left["why"] == "it names a registry of Azure ML; refer to the repository's own by name"


def test_labels_and_latest_stay(upgrade: Verb, repository: ReleasedRepository) -> None:
    repository.origin.push({"reconciler.yaml": "labels: {component/split: {stable: 1.0.0}}\n"})
    path = repository.top / SCORE
    path.write_text(path.read_text().replace("split@1.0.0", "split@stable"))
    answer = upgrade("score", "--latest")
    assert answer.out.splitlines() == [
        "pipelines/score.yaml:4: split@stable stays: what `stable` means stands in reconciler.yaml",
        "nothing to upgrade",
    ]


def test_a_pipeline_that_was_released_gets_another_version_with_it(
    upgrade: Verb, repository: ReleasedRepository
) -> None:
    """Else the plan would refuse what was just written."""
    released = repository.read(TRAIN).replace("name: train\n", "name: train\nversion: 1.0.0\n")
    repository.release(TRAIN, released, "pipeline/train/v1.0.0")
    answer = upgrade("train")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines()[:2] == [
        "pipelines/train.yaml:4: version: 1.0.0 → version: 1.0.1",
        "pipelines/train.yaml:7: split@^1.0 → split@^1.1.0",
    ]
    assert "version: 1.0.1\n" in repository.read(TRAIN)
    assert upgrade("train").out.startswith("nothing to upgrade")


def test_once_upgraded_there_is_nothing_to_upgrade(upgrade: Verb) -> None:
    upgrade("--all")
    answer = upgrade("--all")
    assert (answer.code, answer.out) == (0, "nothing to upgrade\n")


def test_as_json(upgrade: Verb) -> None:
    data = upgrade("train", "-o", "json").data
    assert data["edits"] == [
        {
            "file": TRAIN,
            "line": 6,
            "kind": "component",
            "name": "split",
            "from": "split@^1.0",
            "to": "split@^1.1.0",
            "pipelines": ["train"],
        }
    ]
    assert data["left"] == []
    assert {pipeline["name"] for pipeline in data["plan"]["pipelines"]} == {"train", "score"}


@pytest.mark.parametrize("arguments", [(), ("train", "--all")])
def test_the_pipelines_have_to_be_said(upgrade: Verb, arguments: tuple[str, ...]) -> None:
    answer = upgrade(*arguments)
    assert answer.code == 1
    assert "which pipelines are to be upgraded?" in answer.err


def test_a_pipeline_that_is_not_there(upgrade: Verb, repository: ReleasedRepository) -> None:
    answer = upgrade("train", "scroe")
    assert (answer.code, repository.changed) == (1, [])
    assert "did you mean `score`?" in answer.err


def _daemon(repository: ReleasedRepository, state: Path, upgrades: str) -> Answer:
    config = state.with_name("config.yaml")
    config.write_text(f"upgrades: {upgrades}\n")
    source = repository.origin.url
    return process(
        *("daemon", "--source", source, "--state", state, "--config", config, "--tracking", "none", "--once")
    )


def test_a_daemon_that_is_asked_to_keeps_the_same_edits_on_a_branch(
    upgrade: Verb, repository: ReleasedRepository, state: Path
) -> None:
    answer = _daemon(repository, state, "{policy: latest}")
    repository.origin.git("fetch", "-q", "origin", "reconciler/upgrades")
    upgrade("--all", "--latest")
    assert repository.changed == [SCORE, TRAIN]
    assert repository.origin.git("diff", "--name-only", "FETCH_HEAD") == "", answer.out + answer.err


def test_a_daemon_does_not_write_the_branch_that_it_follows(repository: ReleasedRepository, state: Path) -> None:
    answer = _daemon(repository, state, "{branch: main}")
    assert answer.code == 1
    assert "upgrades cannot be committed to `main`, which is followed" in answer.err
