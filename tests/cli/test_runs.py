"""`runs`: what ran, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Followed
from .contracts import LOCK, RUNS, keeps
from .program import reconciler


def test_the_json_keeps_the_contract(followed: Followed) -> None:
    data = reconciler("runs", "--state", followed.state, "-o", "json").data
    assert keeps(RUNS, data)
    assert [(run["id"], run["status"], run["revision"]) for run in data] == [
        ("failing-1", "failed", followed.revisions[2]),
        ("lending-2", "succeeded", followed.revisions[1]),
        ("lending-1", "succeeded", followed.revisions[0]),
    ]
    assert [(step["name"], step["status"]) for step in data[1]["steps"]] == [
        ("split", "succeeded"),
        ("train", "reused"),
    ]
    assert data[1]["steps"][0]["reasons"] == ["component split 1.0.0 → 1.0.1 · command changed"]
    assert data[1]["steps"][1]["reasons"] == [
        "split wrote the same content as before; same fingerprint as in lending-1"
    ]


def test_one_run_says_what_it_was_made_of_and_a_list_does_not(followed: Followed) -> None:
    (one,) = reconciler("runs", "lending-1", "--state", followed.state, "-o", "json").data
    assert keeps(LOCK, one["lock"])
    listed = reconciler("runs", "--state", followed.state, "-o", "json").data
    assert not any("lock" in run for run in listed)


def test_a_sweep_shows_its_trials(followed: Followed) -> None:
    (run,) = reconciler("runs", "lending-1", "--state", followed.state, "-o", "json").data
    trials = run["steps"][1]["trials"]
    assert [(trial["name"], trial["hyperparameters"]) for trial in trials] == [
        ("train[0]", {"rate": 0.1}),
        ("train[1]", {"rate": 0.2}),
        ("train[2]", {"rate": 0.3}),
    ]
    assert len({trial["fingerprint"] for trial in trials}) == 3


def test_yaml_says_the_same_as_json(followed: Followed) -> None:
    as_json = reconciler("runs", "--state", followed.state, "-o", "json").data
    assert reconciler("runs", "--state", followed.state, "-o", "yaml").yaml == as_json


def test_the_table_has_a_row_for_each_run_the_newest_first(followed: Followed) -> None:
    rows = reconciler("runs", "--state", followed.state).table
    assert [(row["RUN"], row["STATUS"], row["STEPS"]) for row in rows] == [
        ("failing-1", "failed", "1 failed"),
        ("lending-2", "succeeded", "1 succeeded, 1 reused"),
        ("lending-1", "succeeded", "2 succeeded"),
    ]
    assert rows[2]["WHY"] == "never ran"


def test_one_run_is_shown_with_its_steps_and_why_each_ran(followed: Followed) -> None:
    title, header, split, train = reconciler("runs", "lending-2", "--state", followed.state).out.splitlines()
    assert title.startswith("lending-2: succeeded in ")
    assert title.endswith(followed.revisions[1])
    assert header.split() == ["STEP", "STATUS", "SECONDS", "METRIC", "WHY"]
    assert split.split()[:2] == ["split", "succeeded"]
    assert split.endswith("component split 1.0.0 → 1.0.1 · command changed")
    assert train.split()[:2] == ["train", "reused"]


def test_the_error_of_a_failed_run_stands_below_its_steps(followed: Followed) -> None:
    said = reconciler("runs", "failing-1", "--state", followed.state).out
    assert "error: step load: exited with status 3; the end of its log:\nno such column" in said


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (("lending",), ["lending-2", "lending-1"]),
        (("lending", "-n", "1"), ["lending-2"]),
        (("-n", "2"), ["failing-1", "lending-2"]),
        (("lending-1",), ["lending-1"]),
    ],
)
def test_a_pipeline_a_run_and_a_number_narrow_it_down(
    followed: Followed, arguments: tuple[str, ...], ids: list[str]
) -> None:
    assert [run["id"] for run in reconciler("runs", *arguments, "--state", followed.state, "-o", "json").data] == ids


def test_a_state_without_runs_says_so(state: Path) -> None:
    table = reconciler("runs", "--state", state)
    assert (table.code, table.out, table.err) == (0, "", "no runs yet\n")
    assert reconciler("runs", "--state", state, "-o", "json").data == []
