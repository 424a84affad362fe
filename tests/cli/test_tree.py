"""`tree`: a run with its steps, nested pipelines and trials, and who depends on whom."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from reconciler.state.folder import StateFolder
from reconciler.state.store import State
from tests.daemon.origin import Origin

from .conftest import Followed
from .contracts import TREE, keeps
from .program import process, reconciler
from .test_plan_nested import NESTED


@pytest.fixture(scope="module")
def nested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state after a run of a pipeline that holds another one."""
    folder = tmp_path_factory.mktemp("nested")
    origin, state = Origin(folder / "git"), folder / "state"
    origin.push(NESTED)
    done = process("daemon", "--source", origin.url, "--state", state, "--tracking", "none", "--once")
    assert done.code == 0, done.out + done.err
    return state


def lines_of(target: str, state: Path) -> list[str]:
    """The tree as a person reads it, without what differs from run to run."""
    answer = reconciler("tree", target, "--state", state)
    assert answer.code == 0, answer.err
    return [re.sub(r"\d+\.\d s", "1.0 s", line) for line in answer.out.splitlines()]


class TestForAPerson:
    def test_steps_with_what_they_are_made_of_and_their_trials(self, followed: Followed) -> None:
        assert lines_of("lending-1", followed.state) == [
            f"lending-1 succeeded in 1.0 s · {followed.revisions[0]} · once",
            "├─ split  succeeded 1.0 s · split 1.0.0 · tools 1.0.0 · reads loans 1.0.0",
            "└─ train  succeeded 1.0 s · train · tools 1.0.0 ← split",
            "   ├─ [0]  succeeded 1.0 s · rate=0.1",
            "   ├─ [1]  succeeded 1.0 s · rate=0.2",
            "   └─ [2]  succeeded 1.0 s · rate=0.3",
        ]

    def test_what_was_reused_says_from_where_trials_included(self, followed: Followed) -> None:
        root, split, train, *trials = lines_of("lending", followed.state)
        assert root.startswith("lending-2 succeeded")
        assert "split 1.0.1" in split
        assert train.startswith("└─ train  reused from lending-1 · ")
        assert len(trials) == 3

    def test_nested_pipelines_are_branches(self, nested: Path) -> None:
        assert [re.sub(r"  .*", "", line) for line in lines_of("lending", nested)[1:] if line[0] != " "] == [
            "├─ first",
            "├─ learn",
            "│",
            "│",
            "└─ report",
        ]
        assert next(line for line in lines_of("lending", nested) if "look" in line).endswith("← learn.split, first")


class TestForAProgram:
    def test_it_keeps_its_form_and_tells_who_depends_on_whom(self, followed: Followed) -> None:
        data = reconciler("tree", "lending-1", "--state", followed.state, "-o", "json").data
        assert keeps(TREE, data)
        split, train = data["steps"]
        assert (split["after"], split["before"], train["after"], train["before"]) == ([], ["train"], ["split"], [])
        assert split["inputs"][0]["data"] == "loans 1.0.0"
        assert (train["inputs"][0]["step"], train["inputs"][0]["output"]) == ("split", "train")
        assert [trial["hyperparameters"] for trial in train["trials"]] == [{"rate": rate} for rate in (0.1, 0.2, 0.3)]
        assert reconciler("tree", "lending-1", "--state", followed.state, "-o", "yaml").yaml == data

    def test_steps_of_a_nested_pipeline_say_which(self, nested: Path) -> None:
        steps = reconciler("tree", "lending-1", "--state", nested, "-o", "json").data["steps"]
        assert {step["name"]: step["node"] for step in steps} == {
            "first": None,
            "learn.split": "learn",
            "learn.look": "learn",
            "report": None,
        }
        (split,) = [step for step in steps if step["name"] == "learn.split"]
        assert split["after"] == ["first"]
        assert sorted(split["before"]) == ["learn.look", "report"]


def test_a_run_of_before_wirings_were_kept_is_told_by_what_its_steps_read(followed: Followed, tmp_path: Path) -> None:
    shutil.copytree(followed.state, tmp_path / "state")
    state = State(StateFolder(tmp_path / "state"))
    state.database.execute("DELETE FROM wirings")
    state.close()
    split, train = reconciler("tree", "lending-1", "--state", tmp_path / "state", "-o", "json").data["steps"]
    assert (split["after"], train["after"], train["inputs"][0]["output"]) == ([], ["split"], "train")


@pytest.mark.parametrize(
    ("target", "said"),
    [("lendin", "did you mean `lending`"), ("nothing-like-it", "see `reconciler runs`")],
)
def test_what_there_is_not(followed: Followed, target: str, said: str) -> None:
    answer = reconciler("tree", target, "--state", followed.state)
    assert (answer.code, said in answer.err) == (1, True)
