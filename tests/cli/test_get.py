"""`get`: whether each source and resource is as Git says."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Followed
from .contracts import RESOURCES, keeps
from .program import reconciler


def test_the_json_keeps_the_contract(followed: Followed) -> None:
    data = reconciler("get", "--state", followed.state, "-o", "json").data
    assert keeps(RESOURCES, data)
    assert [(item["kind"], item["name"], item["version"]) for item in data] == [
        ("source", "main", None),
        ("component", "split", "1.0.1"),
        ("data", "loans", "1.0.0"),
        ("environment", "tools", "1.0.0"),
        ("pipeline", "failing", None),
        ("pipeline", "lending", None),
    ]
    assert {item["source"] for item in data} == {"main"}
    assert {item["revision"] for item in data} == {followed.revisions[-1]}
    assert not any(item["suspended"] for item in data)
    reasons = {item["name"]: item["conditions"][0]["reason"] for item in data}
    assert (reasons["main"], reasons["lending"], reasons["tools"]) == ("Applied", "RunSucceeded", "Built")


def test_yaml_says_the_same_as_json(followed: Followed) -> None:
    as_json = reconciler("get", "--state", followed.state, "-o", "json").data
    assert reconciler("get", "--state", followed.state, "-o", "yaml").yaml == as_json


def test_the_table_has_a_row_for_each(followed: Followed) -> None:
    rows = reconciler("get", "--state", followed.state).table
    assert [row["NAME"] for row in rows] == ["main", "split", "loans", "tools", "failing", "lending"]
    (lending,) = [row for row in rows if row["NAME"] == "lending"]
    branch, _, digest = followed.revisions[-1].rpartition("sha1:")
    assert lending == {
        "KIND": "pipeline",
        "NAME": "lending",
        "VERSION": "",
        "READY": "True",
        "REASON": "RunSucceeded",
        "MESSAGE": "lending-2 is current",
        "REVISION": f"{branch}sha1:{digest[:10]}",
    }
    (failing,) = [row for row in rows if row["NAME"] == "failing"]
    assert (failing["READY"], failing["REASON"]) == ("False", "RunFailed")
    assert failing["MESSAGE"].startswith("failing-1: step load: exited with status 3")


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("pipelines",), ["failing", "lending"]),
        (("pipeline",), ["failing", "lending"]),
        (("data",), ["loans"]),
        (("sources",), ["main"]),
        (("pipelines", "lending"), ["lending"]),
        (("all", "loans"), ["loans"]),
    ],
)
def test_a_kind_and_a_name_narrow_it_down(followed: Followed, arguments: tuple[str, ...], names: list[str]) -> None:
    data = reconciler("get", *arguments, "--state", followed.state, "-o", "json").data
    assert [item["name"] for item in data] == names


def test_a_state_without_anything_says_so(state: Path) -> None:
    table = reconciler("get", "--state", state)
    assert (table.code, table.out) == (0, "")
    assert table.err == "nothing here yet: no daemon has applied a revision to this state\n"
    assert reconciler("get", "--state", state, "-o", "json").data == []
