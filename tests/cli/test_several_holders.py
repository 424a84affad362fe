"""A pipeline that several sources have: which one is meant has to be said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.daemon.daemon_process import DaemonProcess, to_its_end, until
from tests.daemon.origin import Origin, pipeline

from .program import reconciler


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Two sources, each with a pipeline of the same name."""
    listed = ""
    for name in ("loans", "fraud"):
        origin = Origin(tmp_path / name)
        origin.push({"same.yaml": pipeline("true", name="same")})
        listed += f"- {{name: {name}, url: {origin.url}}}\n"
    config = tmp_path / "config.yaml"
    config.write_text(f"sources:\n{listed}")
    return config


SAID = "error: several sources have a pipeline `same`: "


def suspended_in(state: Path) -> set[str]:
    """The sources in which the pipeline is held still."""
    listed = reconciler("get", "pipelines", "--state", state, "-o", "json").data
    return {each["source"] for each in listed if each["suspended"]}


def test_without_a_daemon(config: Path, state: Path) -> None:
    to_its_end(None, state, "--config", str(config), "--once")
    holds = [["rollback", "same"], ["unpin", "same"], ["suspend", "pipeline", "same"], ["resume", "pipeline", "same"]]
    for verb in (["run", "same", "--tracking", "none"], *holds):
        refused = reconciler(*verb, "--state", state)
        assert (refused.code, refused.err.startswith(SAID), "--source" in refused.err) == (1, True, True)
    unpinned = reconciler("unpin", "same", "--source", "fraud", "--state", state)
    assert (unpinned.code, unpinned.out) == (0, "pipeline same is not pinned\n")
    for source in ("loans", "fraud"):
        assert suspended_in(state) == set()
        held = reconciler("suspend", "pipeline", "same", "--source", source, "--state", state)
        assert (held.code, suspended_in(state)) == (0, {source})
        freed = reconciler("resume", "pipeline", "same", "--source", source, "--state", state)
        assert (freed.code, freed.out.startswith("pipeline same: resumed")) == (0, True)
    unknown = reconciler("unpin", "same", "--source", "frod", "--state", state)
    assert unknown.err.splitlines()[0] == "error: source `frod` has no pipeline `same`"


def test_with_a_daemon(config: Path, state: Path) -> None:
    with DaemonProcess(None, state, "--config", str(config)) as daemon:
        until(lambda: len(reconciler("get", "pipelines", "--state", state).out.splitlines()) == 3)
        daemon.until_said("same-1 succeeded")
        for verb in (["run", "same"], ["rollback", "same"], ["unpin", "same"], ["suspend", "pipeline", "same"]):
            refused = reconciler(*verb, "--state", state)
            assert (refused.code, refused.err.startswith(SAID)) == (1, True)
        (holder,) = [
            each["source"]
            for each in reconciler("get", "pipelines", "--state", state, "-o", "json").data
            if all(condition["reason"] != "NameTaken" for condition in each["conditions"])
        ]
        held = reconciler("suspend", "pipeline", "same", "--source", "fraud", "--state", state)
        assert (held.code, suspended_in(state)) == (0, {"fraud"})
        assert reconciler("resume", "pipeline", "same", "--source", "fraud", "--state", state).code == 0
        ran = reconciler("run", "same", "--source", holder, "--force", "--wait", "--state", state)
        assert (ran.code, ran.out.splitlines()[0]) == (0, "started same-2")


def test_a_plan_is_of_the_source_that_the_work_tree_was_cloned_from(config: Path, state: Path, tmp_path: Path) -> None:
    to_its_end(None, state, "--config", str(config), "--once")
    reconciler("suspend", "pipeline", "same", "--source", "fraud", "--reason", "audit", "--state", state)
    shown = {
        name: reconciler("plan", "--state", state, folder=tmp_path / name / "work").out for name in ("loans", "fraud")
    }
    assert "audit" in shown["fraud"]
    assert "audit" not in shown["loans"]
    (tmp_path / "fraud" / "work" / "same.yaml").write_text(pipeline("true", name="other"))
    gone = reconciler("plan", "--state", state, folder=tmp_path / "fraud" / "work").out
    assert "pipeline same is gone from Git; its runs and models are kept" in gone
