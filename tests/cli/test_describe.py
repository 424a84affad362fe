"""`describe`: all that is known of one resource, or of one run and what it was made of."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.model.manifests import Kind
from reconciler.model.releases import Resolution, Skipped
from reconciler.model.runs import RegisteredData, RegisteredModel
from reconciler.state.encoding import lock_text
from reconciler.state.folder import StateFolder
from reconciler.state.store import State
from tests.daemon.origin import Origin

from .conftest import Followed
from .contracts import EXPLAINED_LOCK, PIPELINE_DESCRIPTION, RESOURCES, RUNS, USED_DESCRIPTION, keeps
from .lending import FILES
from .program import Answer, process, reconciler

TAG, COMMIT = "environment/tools/v1.0.0", "1a2b3c4d5e6f"
SPLIT = Resolution(
    Kind.COMPONENT,
    "split@^1.0",
    "split",
    "1.0.1",
    "components/split/component.yaml",
    digest="d1",
    skipped=(Skipped("2.0.0", "outside the range"), Skipped("1.1.0-rc.1", "skipped: pre-release")),
)
TOOLS = Resolution(Kind.ENVIRONMENT, "tools@^1.0", "tools", "1.0.0", f"{TAG}:environments/tools.yaml", TAG, COMMIT)
LOANS = Resolution(Kind.DATA, "loans@latest", "loans", "1.0.0", "data/loans.yaml")
NIGHTLY = """\
trigger: {type: cron, expression: 0 6 * * *}
create_job: ./pipelines/lending.yaml
"""


@pytest.fixture(scope="module")
def locked(followed: Followed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The state of the followed repository, with references that passed versions over, models and data."""
    folder = tmp_path_factory.mktemp("locked") / "state"
    shutil.copytree(followed.state, folder)
    state = State(StateFolder(folder))
    state.database.execute("UPDATE runs SET lock = ? WHERE id = 'lending-2'", (lock_text((SPLIT, TOOLS, LOANS)),))
    state.database.execute("UPDATE runs SET lock = '[]' WHERE id != 'lending-2'")
    state.runs.save_models(
        RegisteredModel(run, "risk", version, aliases, f"m{version}")
        for run, version, aliases in (("lending-1", "1", ("champion",)), ("lending-2", "2", ("champion",)))
    )
    state.model_registry.move_alias("risk", "champion", "2")
    state.assets.register(RegisteredData("scored", "", "uri_file", "a1", "lending-1", "split", "train"), now=1.0)
    state.close()
    yield folder


def describe(state: Path, *arguments: str) -> Answer:
    answer = reconciler("describe", *arguments, "--state", state)
    assert answer.code == 0, answer.err
    return answer


class TestAPipeline:
    def test_tells_its_runs_and_what_the_current_one_was_made_of(self, locked: Path, followed: Followed) -> None:
        data = describe(locked, "pipeline", "lending", "-o", "json").data
        assert keeps(PIPELINE_DESCRIPTION, data)
        assert keeps(RESOURCES, [data])
        assert [(run["id"], run["status"], run["revision"]) for run in data["runs"]] == [
            ("lending-2", "succeeded", followed.revisions[1]),
            ("lending-1", "succeeded", followed.revisions[0]),
        ]
        assert data["current"] == "lending-2"
        assert [(each["kind"], each["version"], each["tag"], each["commit"]) for each in data["lock"]] == [
            ("component", "1.0.1", None, None),
            ("environment", "1.0.0", TAG, COMMIT),
            ("data", "1.0.0", None, None),
        ]
        assert data["lock"][0]["skipped"] == [
            {"version": "2.0.0", "why": "outside the range"},
            {"version": "1.1.0-rc.1", "why": "skipped: pre-release"},
        ]
        assert (data["conditions"][0]["reason"], data["also_in"]) == ("RunSucceeded", [])

    def test_is_read_in_a_page(self, locked: Path) -> None:
        lines = describe(locked, "pipelines", "lending").out.splitlines()
        assert lines[:2] == ["pipeline lending", "source     main"]
        explained = "split@^1.0 → 1.0.1 (1.1.0-rc.1 skipped: pre-release; 2.0.0 outside the range)"
        assert f"component    {explained}  this revision" in lines
        (tools,) = [line for line in lines if line.startswith("environment  tools")]
        assert tools.endswith(f"tag {TAG} at 1a2b3c4")
        run, history = [line for line in lines if line.startswith("lending-1 ")]
        assert history.split()[1:2] == ["succeeded"]
        assert run.split()[:2] == ["lending-1", "succeeded"]

    def test_tells_the_models_that_it_registered_and_who_holds_an_alias_now(self, locked: Path) -> None:
        models = describe(locked, "pipeline", "lending", "-o", "json").data["models"]
        assert [(each["version"], each["aliases"], each["run"]) for each in models] == [
            ("2", ["champion"], "lending-2"),
            ("1", [], "lending-1"),
        ]

    def test_that_never_succeeded_says_why(self, locked: Path) -> None:
        data = describe(locked, "pipeline", "failing", "-o", "json").data
        assert (data["current"], data["lock"], data["models"]) == (None, [], [])
        assert data["conditions"][0]["message"].startswith("failing-1: step load: exited with status 3")
        assert "failing-1  failed" in describe(locked, "pipeline", "failing").out

    def test_yaml_says_the_same_as_json(self, locked: Path) -> None:
        as_json = describe(locked, "pipeline", "lending", "-o", "json").data
        assert describe(locked, "pipeline", "lending", "-o", "yaml").yaml == as_json


class TestWhatIsUsed:
    def test_a_component_is_told_with_the_pipelines_that_use_it(self, locked: Path, followed: Followed) -> None:
        data = describe(locked, "component", "split", "-o", "json").data
        assert keeps(USED_DESCRIPTION, data)
        assert data["used_by"] == [
            {
                "pipeline": "lending",
                "run": "lending-2",
                "version": "1.0.1",
                "references": ["split@^1.0"],
                "tag": None,
                "commit": None,
                "steps": ["split"],
            }
        ]
        assert [(each["version"], each["revision"]) for each in data["versions"]] == [
            ("1.0.1", followed.revisions[1]),
            ("1.0.0", followed.revisions[0]),
        ]

    def test_an_environment_is_told_with_its_builds_and_their_logs(self, locked: Path) -> None:
        data = describe(locked, "environment", "tools", "-o", "json").data
        assert keeps(USED_DESCRIPTION, data)
        (build,) = data["builds"]
        assert (build["version"], build["status"], build["engine"], build["error"]) == (
            "1.0.0",
            "ready",
            "process",
            None,
        )
        assert Path(build["log"]).name.startswith("tools-")
        (use,) = data["used_by"]
        assert (use["version"], use["tag"], use["steps"]) == ("1.0.0", TAG, ["split", "train"])
        assert build["log"] in describe(locked, "environments", "tools").out

    def test_data_are_told_with_the_pipelines_that_read_them(self, locked: Path) -> None:
        data = describe(locked, "data", "loans", "-o", "json").data
        assert keeps(USED_DESCRIPTION, data)
        assert [(use["pipeline"], use["version"]) for use in data["used_by"]] == [("lending", "1.0.0")]

    def test_what_ran_before_there_were_locks_is_known_by_its_steps(self, locked: Path, tmp_path: Path) -> None:
        shutil.copytree(locked, tmp_path / "older")
        state = State(StateFolder(tmp_path / "older"))
        state.database.execute("UPDATE runs SET lock = '[]'")
        state.close()
        used = describe(tmp_path / "older", "component", "split", "-o", "json").data["used_by"]
        assert [(use["run"], use["version"], use["references"], use["steps"]) for use in used] == [
            ("lending-2", "1.0.1", [], ["split"])
        ]
        said = describe(tmp_path / "older", "data", "loans").out
        assert "no current run is known to have used it" in said

    def test_a_pipeline_that_is_gone_uses_nothing_any_more(self, locked: Path, tmp_path: Path) -> None:
        shutil.copytree(locked, tmp_path / "gone")
        state = State(StateFolder(tmp_path / "gone"))
        state.sources.remove_resources("main", [(Kind.PIPELINE, "lending")])
        state.close()
        assert describe(tmp_path / "gone", "component", "split", "-o", "json").data["used_by"] == []
        assert describe(tmp_path / "gone", "pipeline", "lending", "-o", "json").data["current"] == "lending-2"


class TestARun:
    def test_is_told_as_by_runs_with_what_it_was_made_of(self, locked: Path) -> None:
        (as_listed,) = reconciler("runs", "lending-2", "--state", locked, "-o", "json").data
        data = describe(locked, "lending-2", "-o", "json").data
        assert keeps(RUNS, [data])
        assert keeps(EXPLAINED_LOCK, data["lock"])
        assert {key: data[key] for key in as_listed if key != "lock"} == {
            key: value for key, value in as_listed.items() if key != "lock"
        }
        assert [{k: v for k, v in each.items() if k != "explained"} for each in data["lock"]] == as_listed["lock"]
        assert [each["explained"] for each in data["lock"][1:]] == ["tools@^1.0 → 1.0.0", "loans@latest → 1.0.0"]
        assert data["schedule"] is None

    def test_begins_as_by_runs_for_a_person_too(self, locked: Path) -> None:
        shown = reconciler("runs", "lending-2", "--state", locked).out
        said = describe(locked, "lending-2").out
        assert said.startswith(shown)
        assert "tools@^1.0 → 1.0.0  " in said
        assert describe(locked, "run", "lending-2").out == said

    def test_without_a_lock_says_so(self, locked: Path) -> None:
        assert "this run kept no lock: " in describe(locked, "failing-1").out


class TestWhatRunsMade:
    def test_a_model_is_told_with_its_versions(self, locked: Path) -> None:
        data = describe(locked, "model", "risk", "-o", "json").data
        assert [(each["version"], each["aliases"], each["run"]) for each in data["models"]] == [
            ("2", ["champion"], "lending-2"),
            ("1", [], "lending-1"),
        ]
        assert "champion" in describe(locked, "models", "risk").out

    def test_data_that_a_step_registered_are_told_with_the_run(self, locked: Path) -> None:
        data = describe(locked, "data", "scored", "-o", "json").data
        assert (data["version"], data["revision"].partition("@")[0]) == ("1.0.0", "main")
        assert [(each["version"], each["run"], each["step"]) for each in data["registered"]] == [
            ("1.0.0", "lending-1", "split")
        ]

    def test_a_name_that_is_nearly_one_is_guessed(self, locked: Path) -> None:
        answer = reconciler("describe", "model", "rsk", "--state", locked)
        assert (answer.code, answer.err) == (1, "error: there is no model `rsk`\nhint: did you mean `risk`?\n")


def test_a_source_is_told_with_its_address(locked: Path, followed: Followed) -> None:
    data = describe(locked, "source", "main", "-o", "json").data
    assert keeps(RESOURCES, [data])
    assert (data["url"], data["branch"]) == (str(followed.origin.url), "main")
    assert data["attempted_revision"] == followed.revisions[-1]


def test_a_schedule_and_its_pipeline_know_each_other(tmp_path: Path) -> None:
    origin, state = Origin(tmp_path / "git"), tmp_path / "state"
    origin.push({**FILES, "nightly.yaml": NIGHTLY})
    done = process("daemon", "--source", origin.url, "--state", state, "--tracking", "none", "--once")
    assert done.code == 0, done.out + done.err
    (schedule,) = describe(state, "pipeline", "lending", "-o", "json").data["schedules"]
    assert (schedule["name"], schedule["fired"], schedule["run"]) == ("nightly", None, None)
    assert schedule["says"].startswith("next at ")
    assert describe(state, "schedule", "nightly", "-o", "json").data["pipeline"] == "lending"
    assert "pipeline   lending" in describe(state, "schedules", "nightly").out


def test_what_a_terminal_would_obey_is_spelt_out(locked: Path, tmp_path: Path) -> None:
    shutil.copytree(locked, tmp_path / "evil")
    state = State(StateFolder(tmp_path / "evil"))
    evil = Resolution(Kind.COMPONENT, "split@\x1b[2J", "split", "1\x1b[2J", "split.yaml", "t\x1b[2J", "c\x1b[2J")
    state.database.execute("UPDATE runs SET lock = ?, trigger_name = 'x\x1b[2J'", (lock_text((evil,)),))
    state.close()
    for told in (("pipeline", "lending"), ("component", "split"), ("lending-2",), ("lending-2", "-o", "json")):
        assert "\x1b" not in describe(tmp_path / "evil", *told).out
