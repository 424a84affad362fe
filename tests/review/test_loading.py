"""Both sides of a change: of a large repository only what the change can reach is read, and it comes to the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.plan import StepAction
from reconciler.review import loading
from reconciler.review.change import ChangePlan
from reconciler.source.objects import Objects
from reconciler.source.plumbing import Git
from tests.cli.lending import FILES, LENDING, SPLIT

from .changed import Changed, Files

_COMPONENT = "name: c{0}\nversion: 1.0.0\ntype: command\ncommand: echo {0}\nenvironment: azureml:tools@^1.0\n"
_PIPELINE = "type: pipeline\nname: p{0}\njobs:\n  a: {{component: azureml:c{0}@^1.0}}\n"
_MANY: dict[str, str | None] = {
    **FILES,
    **{f"c/c{number}.yaml": _COMPONENT.format(number) for number in range(310)},
    **{f"p/p{number}.yaml": _PIPELINE.format(number) for number in range(5)},
    "p/job.yaml": "experiment_name: x\ncommand: 'true'\nenvironment: azureml:tools@^1.0\n",
    "other/notes.yaml": "some: thing\n",
}
_EDIT: Files = {"components/split/component.yaml": SPLIT.replace("1.0.0", "1.0.1").replace("echo third", "echo 3")}


def _both(
    folder: Path, edit: Files, monkeypatch: pytest.MonkeyPatch
) -> tuple[ChangePlan, ChangePlan, loading.BothSides]:
    """The plan of what the change reaches, and that of everything."""
    changed = Changed(folder, _MANY, edit)
    narrow = changed.plan()
    with Objects(Git(changed.work_tree / ".git")) as objects:
        sides = changed.sides(objects)
    monkeypatch.setattr(loading, "_FEW", 10_000)
    return narrow, changed.plan(), sides


def test_only_what_a_change_reaches_is_read_and_the_plan_is_that_of_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow, whole, sides = _both(tmp_path, _EDIT, monkeypatch)
    assert len(sides.head.desired.manifests) == 4
    assert sides.unread == 317
    assert narrow.plan.pipelines == whole.plan.pipelines
    assert narrow.plan.versions == whole.plan.versions
    assert narrow.manifests == whole.manifests
    assert sorted(narrow.untouched) == sorted(whole.untouched) == ["p", *(f"p{number}" for number in range(5))]
    assert any("317 YAML files" in note.what for note in narrow.unknown)


def test_words_that_yaml_hides_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = LENDING.replace("name: lending", 'name: "hid\\x64en"')
    hidden = named.replace("azureml:split@^1.0", '"azureml:s\\x70lit@^1.0"')
    monkeypatch.setitem(_MANY, "pipelines/hidden.yaml", hidden)
    narrow, whole, _ = _both(tmp_path, _EDIT, monkeypatch)
    assert {each.name for each in narrow.plan.pipelines} == {each.name for each in whole.plan.pipelines}
    assert "hidden" in {each.name for each in narrow.plan.pipelines}


def test_a_name_that_comes_twice_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow, whole, _ = _both(tmp_path, {"p/again.yaml": _PIPELINE.format(3)}, monkeypatch)
    assert [(each.file, each.code) for each in narrow.plan.problems] == [("p/p3.yaml", "duplicate-name")]
    assert narrow.plan.problems == whole.plan.problems


def test_where_settings_change_everything_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, sides = _both(tmp_path, {"reconciler.yaml": "versions: warn\n"}, monkeypatch)
    assert sides.unread == 0
    assert len(sides.head.desired.manifests) > 300


def test_where_tags_hold_versions_everything_is_read(tmp_path: Path) -> None:
    changed = Changed(tmp_path, _MANY, _EDIT)
    changed.origin.git("tag", "component/split/v1.0.0", "main")
    with Objects(Git(changed.work_tree / ".git")) as objects:
        assert changed.sides(objects).unread == 0


def test_data_outside_of_git_is_taken_to_be_what_it_was(tmp_path: Path) -> None:
    asset = "name: loans\nversion: 1.0.0\ntype: uri_file\npath: https://example.org/loans.csv\n"
    local = LENDING.replace("azureml:loans@latest", "/data/loans.csv").replace("name: lending", "name: local")
    base = {**FILES, "data/loans.yaml": asset, "pipelines/local.yaml": local}
    change = Changed(tmp_path, base, _EDIT).plan()
    steps = {(each.name, step.name): step.action for each in change.plan.pipelines for step in each.steps}
    assert steps == {
        ("lending", "split"): StepAction.RUN,
        ("lending", "train"): StepAction.MAYBE,
        ("local", "split"): StepAction.RUN,
        ("local", "train"): StepAction.MAYBE,
    }
    assert {named for note in change.unknown for named in note.named} == {
        "https://example.org/loans.csv",
        "/data/loans.csv",
    }
