"""Data at URLs on the command line: what needs the network, and what does without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.origin import Origin
from tests.source.web import Web, serving_pages

from .program import reconciler

NOBODY = "http://127.0.0.1:9/loans.csv"


@pytest.fixture
def web() -> Iterator[Web]:
    with serving_pages() as web:
        yield web


def tree_reading(folder: Path, url: str) -> Path:
    origin = Origin(folder / "git")
    job = "    type: command\n    command: cat ${{inputs.loans}}\n    environment: {image: python}\n"
    bound = f'    inputs:\n      loans: {{type: uri_file, path: "{url}"}}\n'
    origin.push({"read.yaml": f"type: pipeline\nname: read\njobs:\n  read:\n{job}{bound}"})
    return origin.work_tree


def test_a_store_that_is_away_is_no_fault_of_a_manifest(tmp_path: Path, state: Path) -> None:
    tree = tree_reading(tmp_path, NOBODY)
    answer = reconciler("validate", tree, "--state", state, "-o", "json")
    assert answer.code == 0
    (problem,) = answer.data["errors"]
    assert (problem["code"], problem["severity"], problem["line"]) == ("unreachable-data", "warning", 9)


def test_without_its_data_nothing_is_planned(tmp_path: Path, state: Path) -> None:
    answer = reconciler("plan", tree_reading(tmp_path, NOBODY), "--state", state, "-o", "json")
    assert answer.code == 1
    (problem,) = answer.data["errors"]
    assert problem["message"] == f"`{NOBODY}` cannot be looked up: cannot connect: Connection refused"


def test_what_was_known_is_planned_with_while_the_store_is_away(tmp_path: Path, state: Path, web: Web) -> None:
    tree = tree_reading(tmp_path, web.put("loans.csv", b"1,2"))
    assert reconciler("plan", tree, "--state", state).code == 0
    web.put("loans.csv", b"", status=503)
    answer = reconciler("plan", tree, "--state", state, "-o", "json")
    assert answer.code == 0
    assert [problem["severity"] for problem in answer.data["errors"]] == ["warning"]


def test_a_daemon_does_not_read_from_its_own_machine(tmp_path: Path, state: Path, web: Web) -> None:
    origin = tree_reading(tmp_path, web.put("loans.csv", b"1,2")).parent
    answer = reconciler("daemon", "--source", origin / "origin.git", "--state", state, "--tracking", "none", "--once")
    assert answer.code == 1
    assert web.asked == []
