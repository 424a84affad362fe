"""`trace`: from a pipeline or run back to the commit, the versions and the data that made it."""

from __future__ import annotations

from .conftest import Followed
from .program import reconciler


def test_a_pipeline_is_traced_to_the_commit_the_versions_and_the_data(followed: Followed) -> None:
    data = reconciler("trace", "lending", "--state", followed.state, "-o", "json").data
    assert (data["target"], data["run"], data["status"], data["source"]) == (
        "lending",
        "lending-2",
        "succeeded",
        "main",
    )
    assert data["revision"] == followed.revisions[1]
    assert data["commit"]["id"] == followed.revisions[1].removeprefix("main@sha1:")
    assert data["commit"]["author"] == "ada@example.org <ada@example.org>"
    split, train = data["steps"]
    assert (split["component"], split["environment"], split["made_by"]) == ("split 1.0.1", "tools", "lending-2")
    assert list(split["data"]) == ["data"]
    assert split["data"]["data"].startswith("git:")
    assert train["made_by"] == "lending-1"


def test_yaml_says_the_same_as_json(followed: Followed) -> None:
    as_json = reconciler("trace", "lending-1", "--state", followed.state, "-o", "json").data
    assert reconciler("trace", "lending-1", "--state", followed.state, "-o", "yaml").yaml == as_json


def test_a_person_reads_it_in_a_few_lines(followed: Followed) -> None:
    run, mlflow, revision, commit, header, split, train = reconciler(
        "trace", "lending-2", "--state", followed.state
    ).out.splitlines()
    assert run == "run       lending-2 (succeeded)"
    assert mlflow == "mlflow    not recorded"
    assert revision == f"revision  {followed.revisions[1]} of source main"
    assert commit.startswith("commit    a change · ada@example.org <ada@example.org> · ")
    assert header.split()[0] == "STEP"
    assert split.split()[:3] == ["split", "split", "1.0.1"]
    assert "lending-1" in train
