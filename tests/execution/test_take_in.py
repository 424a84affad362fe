"""What a step left is taken in by the next process where one was killed over it, whatever was done by then."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.execution.artifacts import Artifacts
from reconciler.execution.workspace import Workspace
from reconciler.model.errors import StepError
from reconciler.model.steps import Definition
from reconciler.state.folder import StateFolder
from reconciler.state.outputs import Outputs
from reconciler.state.store import State


def definition(**outputs: str) -> Definition:
    return Definition("train", None, "true", None, "python", "", (), (), tuple(outputs.items()))


class Left:
    """The folder of a step that has ended, with what it wrote."""

    def __init__(self, root: Path) -> None:
        self.state = State(StateFolder(root / "state"))
        self.workspace = Workspace(self.state.folder, self.state.outputs, self.state.documents)
        self.folder = self.workspace.task_folder("lending-1", "train", "")
        for name, content in (("one", "1"), ("other", "2")):
            path = self.folder / "outputs" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

    def take_in(self, *names: str) -> dict[str, str]:
        return self.workspace.take_in(self.folder, definition(**dict.fromkeys(names, "uri_file")))


@pytest.fixture
def left(tmp_path: Path) -> Left:
    return Left(tmp_path)


def test_what_was_moved_already_is_known(left: Left) -> None:
    taken = left.take_in("one", "other")
    assert left.take_in("one", "other") == taken
    assert left.state.outputs.path(taken["one"]).read_text() == "1"


def test_what_was_not_moved_yet_is_moved(left: Left) -> None:
    one = left.take_in("one")["one"]
    taken = left.take_in("one", "other")
    assert taken["one"] == one
    assert left.state.outputs.path(taken["other"]).read_text() == "2"


def test_what_was_noted_and_not_moved_is_looked_at_again(left: Left) -> None:
    digest = left.take_in("one")["one"]
    (left.folder / "outputs" / "one").write_text("something else")
    assert left.take_in("one")["one"] != digest


def test_what_was_moved_and_is_gone_was_not_written(left: Left) -> None:
    digest = left.take_in("one")["one"]
    left.state.outputs.discard(digest)
    with pytest.raises(StepError, match="the output `one` was not written"):
        left.take_in("one")


def test_an_execution_that_begins_anew_has_nothing_moved(left: Left) -> None:
    left.take_in("one")
    left.workspace.lay_out(left.folder, left.folder, definition(one="uri_file"), {})
    with pytest.raises(StepError, match="the output `one` was not written"):
        left.take_in("one")


def test_no_note_is_left_once_the_folder_is_cleared(left: Left) -> None:
    left.take_in("one", "other")
    left.workspace.clear(left.folder)
    assert list(left.folder.parent.iterdir()) == []
    left.workspace.clear_run("lending-1")
    assert list(left.state.folder.work.iterdir()) == []


def test_a_folder_that_was_half_copied_for_the_default_output_is_copied_anew(left: Left) -> None:
    (left.folder / "code" / "outputs").mkdir(parents=True)
    (left.folder / "code" / "outputs" / "a.txt").write_text("all of it")
    (left.folder / "outputs" / "artifacts").mkdir()
    half = left.folder / "unfinished" / "outputs"
    half.mkdir(parents=True)
    (half / "a.txt").write_text("all")
    wanted = definition(artifacts="uri_folder")
    left.workspace.fill_default_output(left.folder, wanted)
    taken = left.workspace.take_in(left.folder, wanted)
    kept = Outputs(left.state.folder.outputs).path(taken["artifacts"])
    assert (kept / "outputs" / "a.txt").read_text() == "all of it"


def test_artifacts_that_were_set_aside_already_stay(tmp_path: Path) -> None:
    directory, log = tmp_path / "code", tmp_path / "log"
    (directory / "outputs").mkdir(parents=True)
    artifacts = Artifacts(tmp_path / "kept")
    place = artifacts.place("lending-1", "train")
    for name in ("moved before", "moved after"):
        (directory / "outputs" / name).write_text(name)
        artifacts.set_aside(directory, None, place, log)
    assert sorted(path.name for path in place.rglob("moved*")) == ["moved after", "moved before"]
    artifacts.discard(place)
    assert not place.exists()
