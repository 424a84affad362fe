"""A real MLflow server goes away in the middle of a run: training goes on, and all of it is recorded once, later."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.model.runs import RunStatus, StepStatus
from reconciler.state.folder import StateFolder
from reconciler.state.store import State
from tests.daemon.daemon_process import DaemonProcess, runs, until
from tests.daemon.origin import Origin
from tests.e2e.program import Answer, reconciler
from tests.execution.repository import ENVIRONMENT, choice, job, reads, sweep, waits_for, writes
from tests.tracking.server_process import ServerProcess

pytestmark = pytest.mark.e2e

_LOGS = """
import os, sys, mlflow
with mlflow.start_run():
    mlflow.log_param("depth", sys.argv[1])
    mlflow.log_metric("accuracy", float(sys.argv[2]))
    mlflow.set_tag("algorithm", "constant")
    mlflow.log_text("learnt", "notes.txt")
    if len(sys.argv) > 3:
        class Constant(mlflow.pyfunc.PythonModel):
            def predict(self, context, model_input, params=None):
                return [1.0] * len(model_input)
        mlflow.pyfunc.log_model(name="model", python_model=Constant(), pip_requirements=[])
"""
_REGISTERS = """
import os, mlflow
from mlflow import MlflowClient
client = MlflowClient()
own = client.get_run(os.environ["MLFLOW_RUN_ID"])
root = own.data.tags["mlflow.rootRunId"]
found = client.search_runs([own.info.experiment_id], f"tags.`mlflow.rootRunId` = '{root}'")
trained = [run for run in found if run.outputs and run.outputs.model_outputs]
best = max(trained, key=lambda run: run.data.metrics["accuracy"])
version = mlflow.register_model(f"runs:/{best.info.run_id}/model", "credit")
client.set_registered_model_alias("credit", "champion", version.version)
"""

_LOOKS = """
import json, sys
from mlflow import MlflowClient
client, run_id = MlflowClient(sys.argv[1], sys.argv[1]), sys.argv[2]
run = client.get_run(run_id)
versions = client.search_model_versions("name='credit'")
print(json.dumps({
    "artifacts": [each.path for each in client.list_artifacts(run_id)],
    "models": [each.model_id for each in run.outputs.model_outputs],
    "versions": {str(each.version): each.run_id for each in versions},
    "aliases": {alias: str(at) for alias, at in client.get_registered_model("credit").aliases.items()},
}))
"""

_HOLDS = """
import json, sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1], sys.argv[1])
runs = client.search_runs([each.experiment_id for each in client.search_experiments()], max_results=1000)
versions = client.search_model_versions("name='risk'")
print(json.dumps({
    "runs": [{
        "id": run.info.run_id,
        "name": run.info.run_name,
        "of": run.data.tags["reconciler.run"],
        "status": run.info.status,
        "metrics": run.data.metrics,
        "params": run.data.params,
        "artifacts": sorted(each.path for each in client.list_artifacts(run.info.run_id)),
    } for run in runs],
    "versions": {str(each.version): each.run_id for each in versions},
    "aliases": {alias: str(at) for alias, at in client.get_registered_model("risk").aliases.items()},
}))
"""


@dataclass
class Server:
    """An MLflow server that comes and goes."""

    folder: Path
    process: ServerProcess = field(init=False)

    def start(self) -> None:
        self.process = ServerProcess(self.folder, getattr(self, "port", 0))
        self.port = self.process.port
        self.process.wait()

    def stop(self) -> None:
        self.process.stop()


@dataclass(frozen=True)
class Ended:
    """Runs that ended while the server was away, by a daemon that was killed; recorded by the next one."""

    server: Server
    state: Path
    while_away: dict[str, Answer]
    statuses: dict[str, list[str]]
    executions: Counter[str]

    def held(self) -> dict[str, Any]:
        """All that the server has."""
        return _looked(self.server, _HOLDS)


@dataclass
class Outage:
    """What was seen while the server was away, and how it all ended."""

    state: Path
    server: Server
    while_away: dict[str, Answer] = field(default_factory=dict)
    executions: Counter[str] = field(default_factory=Counter)
    held: dict[str, Any] = field(default_factory=dict)

    def ask(self, path: str, body: dict[str, Any]) -> Any:
        return self.server.process.ask(path, body)

    def recorded(self) -> list[dict[str, Any]]:
        """All runs that the server knows."""
        experiments = self.ask("experiments/search", {"max_results": 100})["experiments"]
        ids = [each["experiment_id"] for each in experiments]
        found: list[dict[str, Any]] = self.ask("runs/search", {"experiment_ids": ids, "max_results": 1000})["runs"]
        return found

    def named(self, name: str) -> dict[str, Any]:
        (run,) = [run for run in self.recorded() if run["info"]["run_name"] == name]
        return run


def _looked(server: Server, program: str, *arguments: str) -> dict[str, Any]:
    """What a program of MLflow's client says of the server."""
    command = [sys.executable, "-c", program, f"http://127.0.0.1:{server.port}", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _pipeline(folder: Path) -> dict[str, str | None]:
    logs, notes, gate = f"{sys.executable} logs.py", folder / "notes", folder / "gate"

    def step(name: str, *commands: str, **more: Any) -> dict[str, Any]:
        return job("; ".join((f"echo {name} >> {notes}", *commands)), code="./src", **more)

    rate, before = "${{inputs.rate}}", {"before": {"type": "uri_file", "path": reads("first")}}
    jobs = {
        "first": step("first", f"{logs} 1 0.5", waits_for(gate), writes("1"), outputs=("out",)),
        "second": step("second", f"{logs} 2 0.75 model", "echo kept > outputs/kept.txt", inputs=before),
        "tuned": sweep(
            f"echo trial >> {notes}; {logs} {rate} {rate}; {writes('x', 'model')}",
            {"rate": choice(0.25, 0.5)},
            ports={"before": {"type": "uri_file"}},
            inputs=before,
            trial={"code": "./src"},
        ),
        "register": step(
            "register", f"{sys.executable} registers.py", depends_on=["second", "tuned"], is_deterministic=False
        ),
    }
    return {
        "pipeline.yaml": yaml.safe_dump({"type": "pipeline", "name": "credit", "jobs": jobs}, sort_keys=False),
        "python.yaml": yaml.safe_dump(ENVIRONMENT),
        "src/logs.py": _LOGS,
        "src/registers.py": _REGISTERS,
    }


def _statuses(state: Path) -> dict[str, StepStatus]:
    if not runs(state):
        return {}
    opened = State(StateFolder(state))
    steps = opened.runs.steps(runs(state)[0].id)
    opened.close()
    return {f"{step.name}[{step.trial}]" if step.trial else step.name: step.status for step in steps}


@pytest.fixture(scope="module")
def outage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outage]:
    folder = tmp_path_factory.mktemp("outage")
    server = Server(folder)
    server.start()
    try:
        state, origin = folder / "state", Origin(folder / "git")
        origin.push(_pipeline(folder))
        options = ("--tracking", f"http://127.0.0.1:{server.port}", "--engine", "process")
        outage = Outage(state, server)
        with DaemonProcess(origin.url, state, *options) as daemon:
            until(lambda: (folder / "notes").exists() and _statuses(state)["first"] is StepStatus.RUNNING, 60)
            until(lambda: outage.named("first")["info"]["status"] == "FINISHED", 60)  # as far as the step's code goes
            server.stop()
            (folder / "gate").touch()
            until(lambda: _statuses(state)["tuned"] is _statuses(state)["second"] is StepStatus.SUCCEEDED, 120)
            daemon.end(signal.SIGKILL)
        with DaemonProcess(origin.url, state, *options) as daemon:
            until(lambda: "MLflow is away" in daemon.said, 30)
            until(lambda: "MLflow is away" in reconciler("get", "pipelines", "--state", state).out, 60)
            outage.while_away["get"] = reconciler("get", "pipelines", "--state", state)
            outage.while_away["doctor"] = reconciler("doctor", "--state", state, *options)
            outage.while_away["statuses"] = Answer(0, repr(_statuses(state)), "")
            server.start()
            until(lambda: runs(state)[0].status is not RunStatus.RUNNING, 120)
            daemon.end()
        outage.executions = Counter((folder / "notes").read_text().split())
        outage.held = _looked(server, _LOOKS, outage.named("second")["info"]["run_id"])
        yield outage
    finally:
        server.stop()


def test_training_goes_on_and_the_run_succeeds(outage: Outage) -> None:
    (run,) = runs(outage.state)
    assert (run.status, run.error) == (RunStatus.SUCCEEDED, "")
    assert outage.executions == {"first": 1, "second": 1, "trial": 2, "register": 1}


def test_meanwhile_it_is_said_how_much_waits_and_since_when(outage: Outage) -> None:
    for verb in ("get", "doctor"):
        assert re.search(r"MLflow is away since 20\S+Z, and \d+ records? waits? for it", outage.while_away[verb].out)
    assert "'register': <StepStatus.PENDING" in outage.while_away["statuses"].out


def test_every_run_is_in_mlflow_once_below_one_root(outage: Outage) -> None:
    recorded = outage.recorded()
    names = Counter(run["info"]["run_name"] for run in recorded)
    assert names == Counter(["credit-1", "first", "second", "tuned", "tuned[0]", "tuned[1]", "register"])
    assert {run["info"]["status"] for run in recorded} == {"FINISHED"}
    tags = {run["info"]["run_name"]: {tag["key"]: tag["value"] for tag in run["data"]["tags"]} for run in recorded}
    root, sweep_run = outage.named("credit-1")["info"]["run_id"], outage.named("tuned")["info"]["run_id"]
    assert {each["mlflow.rootRunId"] for each in tags.values()} == {root}
    assert tags["second"]["mlflow.parentRunId"] == root
    assert tags["tuned[1]"]["mlflow.parentRunId"] == sweep_run
    assert tags["tuned"]["best_child_run_id"] == outage.named("tuned[1]")["info"]["run_id"]


def test_what_a_step_logged_meanwhile_is_all_there(outage: Outage) -> None:
    second = outage.named("second")
    assert [(each["key"], each["value"]) for each in second["data"]["params"]] == [("depth", "2")]
    assert [(each["key"], each["value"]) for each in second["data"]["metrics"]] == [("accuracy", 0.75)]
    assert set(outage.held["artifacts"]) == {"notes.txt", "outputs"}
    assert len(outage.held["models"]) == 1


def test_the_state_names_the_runs_as_mlflow_does(outage: Outage) -> None:
    known = {run["info"]["run_id"] for run in outage.recorded()}
    (told,) = reconciler("runs", "-o", "json", "--state", outage.state).data()
    assert {told["mlflow_run_id"], *(step["mlflow_run_id"] for step in told["steps"])} == known - {
        run["info"]["run_id"] for run in outage.recorded() if run["info"]["run_name"].startswith("tuned[")
    }


def test_one_model_is_registered_and_it_is_champion(outage: Outage) -> None:
    assert outage.held["versions"] == {"1": outage.named("second")["info"]["run_id"]}
    assert outage.held["aliases"]["champion"] == "1"
    assert reconciler("get", "--state", outage.state).code == 0


def test_once_it_is_back_nothing_is_said_of_it_any_more(outage: Outage) -> None:
    assert "MLflow is away" not in reconciler("get", "pipelines", "--state", outage.state).out
    assert "MLflow is away" not in reconciler("doctor", "--state", outage.state).out


def _training(folder: Path, accuracy: float) -> dict[str, str | None]:
    """A step that stays as it is, and one that trains a model, which is promoted where it is better."""
    notes, logs = folder / "notes", f"{sys.executable} logs.py"
    model = {"model": {"type": "custom_model", "name": "risk"}}
    trained = (
        f"echo train >> {notes}; {logs} 2 {accuracy}; echo kept > outputs/kept.txt; {writes(str(accuracy), 'model')}/it"
    )
    jobs = {
        "first": job(f"echo first >> {notes}; {logs} 1 0.25; {writes('1')}", ("out",), code="./src"),
        "train": {
            **job(trained, inputs={"before": {"type": "uri_file", "path": reads("first")}}, code="./src"),
            "outputs": model,
        },
    }
    pipeline = {"type": "pipeline", "name": "risk", "promotion": {"metric": "accuracy"}, "jobs": jobs}
    return {
        "pipeline.yaml": yaml.safe_dump(pipeline, sort_keys=False),
        "python.yaml": yaml.safe_dump(ENVIRONMENT),
        "src/logs.py": _LOGS,
    }


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ended]:
    folder = tmp_path_factory.mktemp("ended")
    server = Server(folder)
    server.start()
    server.stop()
    state, origin = folder / "state", Origin(folder / "git")
    options = ("--tracking", f"http://127.0.0.1:{server.port}", "--engine", "process")
    while_away: dict[str, Answer] = {}
    try:
        origin.push(_training(folder, 0.5))
        with DaemonProcess(origin.url, state, *options) as daemon:
            until(lambda: [run.status for run in runs(state)] == [RunStatus.SUCCEEDED], 120)
            origin.push(_training(folder, 0.75))
            while_away["reconcile"] = reconciler("reconcile", "--wait", "--state", state)
            until(lambda: [run.status for run in runs(state)] == [RunStatus.SUCCEEDED] * 2, 120)
            while_away["run"] = reconciler("run", "risk", "--force", "--wait", "--state", state)
            while_away["get"] = reconciler("get", "pipelines", "--state", state)
            daemon.end(signal.SIGKILL)
        opened = State(StateFolder(state))
        statuses = {run.id: [str(step.status) for step in opened.runs.steps(run.id)] for run in runs(state)}
        server.start()
        with DaemonProcess(origin.url, state, *options) as daemon:
            until(lambda: not opened.waiting_records.pipelines(), 120)
            daemon.end()
        opened.close()
        executions = Counter((folder / "notes").read_text().split())
        yield Ended(server, state, while_away, statuses, executions)
    finally:
        server.stop()


def test_while_it_is_away_runs_end_and_others_begin(ended: Ended) -> None:
    assert ended.statuses == {
        "risk-1": ["succeeded", "succeeded"],
        "risk-2": ["reused", "succeeded"],
        "risk-3": ["reused", "reused"],
    }
    assert ended.executions == {"first": 1, "train": 2}
    for verb in ("reconcile", "run"):
        assert ended.while_away[verb].code == 0, ended.while_away[verb]
    said = r"RunSucceeded +risk-3 is current; its record waits for MLflow since 20\S+Z"
    assert re.search(said, ended.while_away["get"].out)


def test_the_next_daemon_records_each_of_them_once_and_whole(ended: Ended) -> None:
    recorded = ended.held()["runs"]
    steps = ("first", "train")
    numbers = (1, 2, 3)
    assert Counter((run["of"], run["name"]) for run in recorded) == Counter(
        (f"risk-{number}", name) for number in numbers for name in (f"risk-{number}", *steps)
    )
    assert {run["status"] for run in recorded} == {"FINISHED"}
    accuracies = {"first": (0.25, 0.25, 0.25), "train": (0.5, 0.75, 0.75)}
    for run in recorded:
        if run["name"] not in steps:
            continue
        accuracy = accuracies[run["name"]][int(run["of"][-1]) - 1]
        assert run["metrics"] == {"accuracy": accuracy}
        assert run["params"] == {"depth": "1" if run["name"] == "first" else "2"}
        if run["name"] == "train" and run["of"] != "risk-3":  # which is a copy
            assert {"notes.txt", "outputs"} <= {*run["artifacts"]}


def test_its_models_are_there_and_the_newest_that_was_better_is_champion(ended: Ended) -> None:
    held = ended.held()
    of_runs = {run["id"]: run["of"] for run in held["runs"]}
    assert {number: of_runs[run_id] for number, run_id in held["versions"].items()} == {"1": "risk-1", "2": "risk-2"}
    assert held["aliases"]["champion"] == "2"
    assert {run["mlflow_run_id"] for run in reconciler("runs", "-o", "json", "--state", ended.state).data()} == {
        run["id"] for run in held["runs"] if run["name"].startswith("risk-")
    }
    assert "waits for MLflow" not in reconciler("get", "pipelines", "--state", ended.state).out
