"""What holds for tracking in MLflow, whatever is behind the URI."""

from __future__ import annotations

import json
import math
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.model.errors import TrackingError
from reconciler.tracking.base import ModelMark, ModelRequest, ModelVersion, RunRequest

from .mlflow_kind import AUTOLOGGING_FIRST, LOGGING_COURSES, NESTING, Deadline, MlflowKind, Trained, request

REGISTERING = """
import json, sys
import mlflow, mlflow.sklearn

root, source = sys.argv[1:]
client = mlflow.MlflowClient()
experiment = client.get_experiment_by_name("lending").experiment_id
best, = mlflow.search_runs(
    [experiment], f"tags.`mlflow.rootRunId` = '{root}' and metrics.val_accuracy > 0.9", output_format="list")
copy = best.info.run_id
version = mlflow.register_model(f"runs:/{copy}/model", "lending_club")
by_source = mlflow.register_model(f"runs:/{source}/model", "by_an_id_in_a_file")
client.set_registered_model_alias("lending_club", "champion", version.version)
model = mlflow.sklearn.load_model("models:/lending_club@champion")
print(json.dumps({
    "copy": copy,
    "metrics": best.data.metrics,
    "params": best.data.params,
    "history": [(m.step, m.value) for m in client.get_metric_history(copy, "val_accuracy")],
    "tags": best.data.tags,
    "status": best.info.status,
    "artifacts": sorted(a.path for a in client.list_artifacts(copy)),
    "files": [a.path for a in mlflow.artifacts.list_artifacts(f"runs:/{copy}/model")],
    "text": mlflow.artifacts.load_text(f"{best.info.artifact_uri}/scaler/notes.txt"),
    "version": [version.run_id, str(version.version)],
    "said_by_the_model": mlflow.models.get_model_info("models:/lending_club@champion").run_id,
    "prediction": model.predict([[0.0], [3.0]]).tolist(),
}))
"""

SIGNED = """
flavors: {}
signature:
  inputs: '[{"name": "a", "type": "double"}]'
  outputs: null
  params: null
"""

LISTING = """
import sys
import mlflow

run_id, folder = sys.argv[1:]
print(*(file.path for file in mlflow.MlflowClient().list_artifacts(run_id, folder)), sep="\\n")
"""

DOWNLOADING = """
import pathlib, sys
import mlflow

uri, name = sys.argv[1:]
print(pathlib.Path(mlflow.artifacts.download_artifacts(artifact_uri=uri), name).read_text())
"""

DELETING = """
import sys
import mlflow

mlflow.MlflowClient().delete_run(sys.argv[1])
"""

LOADING = """
import json, sys
import mlflow, mlflow.sklearn

run = mlflow.get_run(sys.argv[1])
model = mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/model")
text = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/notes.txt")
print(json.dumps({"text": text, "prediction": model.predict([[0.0], [3.0]]).tolist()}))
"""


@pytest.mark.usefixtures("training")
class MlflowConformance:
    """Subclasses give the fixture `kind`. What needs no trained model comes first, while the training goes on."""

    def test_a_root_run_is_its_own_root_and_a_steps_run_names_root_and_parent(self, kind: MlflowKind) -> None:
        root = kind.tracking.start_run(request("pipeline", tags={"mlflow.source.git.commit": "1a2b"}))
        step = kind.tracking.start_run(RunRequest("lending", "split", root.result(), root.result(), {}, {"seed": "7"}))
        of_root = kind.tracking.finish_run(root.result(), "FINISHED").result()
        of_step = kind.tracking.finish_run(step.result(), "FINISHED").result()
        assert of_root.tags["mlflow.rootRunId"] == root.result()
        assert "mlflow.parentRunId" not in of_root.tags
        assert of_root.tags["mlflow.source.git.commit"] == "1a2b"
        assert of_step.tags["mlflow.rootRunId"] == of_step.tags["mlflow.parentRunId"] == root.result()
        assert of_step.tags["mlflow.runName"] == "split"
        assert of_step.params == {"seed": "7"}

    def test_no_run_is_lost_or_made_twice_when_the_worker_is_killed_in_the_middle(self, kind: MlflowKind) -> None:
        root = kind.tracking.start_run(request("pipeline")).result()
        runs = [kind.tracking.start_run(request(f"trial {number}", root=root)) for number in range(20)]
        runs[3].result()
        assert kind.tracking.worker_pid is not None
        os.kill(kind.tracking.worker_pid, signal.SIGKILL)
        kind.tracking.flush()
        assert len({run.result() for run in runs}) == 20
        experiment_id = kind.tracking.variables(None, "lending")["MLFLOW_EXPERIMENT_ID"]
        assert kind.children(experiment_id, root) == 20

    def test_what_a_step_has_logged_so_far_is_told_while_it_goes_on(self, kind: MlflowKind) -> None:
        root = kind.tracking.start_run(request("pipeline")).result()
        run_id = kind.tracking.start_run(request("train", root=root)).result()
        process = kind.step(LOGGING_COURSES, run_id, "lending")

        def told(metric: str, *runs: str) -> Mapping[str, tuple[float, ...]]:
            return kind.tracking.histories(runs, metric).result()

        Deadline(120, pause=0.5).until(lambda: told("late", run_id)[run_id] != ())
        assert process.poll() is None
        assert told("late", run_id) == {run_id: (0.9,)}
        assert told("unstepped", run_id, root, "0" * 32) == {run_id: (0.25,), root: (), "0" * 32: ()}
        first, second, third = told("by step", run_id)[run_id]
        assert (first, second) == (0.5, 0.75)
        assert math.isnan(third)
        process.communicate(timeout=60)
        kind.tracking.finish_run(run_id, "FINISHED").result()
        assert told("late", run_id) == {run_id: (0.9,)}

    def test_a_run_that_is_not_in_mlflow_cannot_be_reused(self, kind: MlflowKind) -> None:
        with pytest.raises(TrackingError, match="not in MLflow") as caught:
            kind.tracking.copy_run("0" * 32, request("train_lr")).result()
        assert caught.value.place == f"run {'0' * 32}"
        kind.tracking.flush()

    def test_runs_that_are_deleted_or_were_never_there_are_missing(self, kind: MlflowKind) -> None:
        kept, deleted = (kind.tracking.start_run(request(name)).result() for name in ("kept", "deleted"))
        assert kind.tracking.missing([kept, deleted]).result() == frozenset()
        kind.run_step(DELETING, None, "lending", deleted)
        assert kind.tracking.missing([kept, deleted, "0" * 32]).result() == {deleted, "0" * 32}

    def test_a_failure_that_nobody_looked_at_is_raised_by_flush_once(self, kind: MlflowKind) -> None:
        kind.tracking.finish_run("0" * 32, "FINISHED")
        with pytest.raises(TrackingError, match="0000"):
            kind.tracking.flush()
        kind.tracking.flush()

    def test_not_a_number_and_hundreds_of_params_and_tags_are_kept(self, kind: MlflowKind) -> None:
        many = {f"name{number}": "x" for number in range(250)}
        run_id = kind.tracking.start_run(RunRequest("lending", "wide", None, None, many, many)).result()
        metrics = {f"m{number}": float(number) for number in range(1100)} | {"nan": math.nan}
        data = kind.tracking.finish_run(run_id, "KILLED", metrics, {f"more{n}": "y" for n in range(120)}).result()
        assert data.params == many
        assert data.tags.items() >= many.items()
        assert data.metrics["m1099"] == 1099.0
        assert math.isnan(data.metrics["nan"])
        assert data.status == "KILLED"

    def test_files_that_a_step_left_become_artifacts_of_its_run(self, kind: MlflowKind, tmp_path: Path) -> None:
        (tmp_path / "outputs" / "sub").mkdir(parents=True)
        (tmp_path / "outputs" / "sub" / "a.txt").write_text("a")
        run_id = kind.tracking.start_run(request("train")).result()
        kind.tracking.log_artifacts(run_id, tmp_path).result()
        kind.tracking.finish_run(run_id, "FINISHED").result()
        copy = kind.tracking.copy_run(run_id, request("train")).result()
        for each in (run_id, copy):
            assert kind.run_step(LISTING, None, "lending", each, "outputs/sub").split() == ["outputs/sub/a.txt"]

    def test_a_model_is_registered_once_for_the_same_content(self, kind: MlflowKind, tmp_path: Path) -> None:
        (tmp_path / "model").mkdir()
        (tmp_path / "model" / "weights").write_text("1")
        run_id = kind.tracking.start_run(request("train")).result()
        wanted = ModelRequest(
            "loans_model", run_id, tmp_path / "model", "d1", "outputs/model", {"reconciler.step": "t"}
        )
        first = kind.tracking.register_model(wanted).result()
        assert (first.name, first.version, first.run_id) == ("loans_model", "1", run_id)
        assert kind.tracking.register_model(wanted).result() == first
        later = kind.tracking.start_run(request("train")).result()
        assert kind.tracking.register_model(replace(wanted, run_id=later)).result() == first
        second = kind.tracking.register_model(replace(wanted, run_id=later, digest="d2")).result()
        assert (second.version, second.run_id) == ("2", later)
        assert kind.tracking.registered([later]).result() == (second,)
        assert kind.run_step(DOWNLOADING, None, "lending", "models:/loans_model/1", "weights").strip() == "1"

    def test_the_signature_and_the_metrics_of_a_model_version_are_told(self, kind: MlflowKind, tmp_path: Path) -> None:
        (tmp_path / "model").mkdir()
        (tmp_path / "model" / "MLmodel").write_text(SIGNED)
        run_id = kind.tracking.start_run(request("train")).result()
        kind.tracking.finish_run(run_id, "FINISHED", {"auc": 0.75}).result()
        signed = kind.tracking.register_model(ModelRequest("signed", run_id, tmp_path / "model", "d1", "m/a")).result()
        (tmp_path / "model" / "MLmodel").write_text("flavors: {}\n")
        bare = kind.tracking.register_model(ModelRequest("signed", run_id, tmp_path / "model", "d2", "m/b")).result()
        (tmp_path / "weights").write_text("1")
        file = kind.tracking.register_model(ModelRequest("signed", run_id, tmp_path / "weights", "d3", "m/c")).result()
        (tmp_path / "model" / "MLmodel").write_text("{[ this is no YAML")
        broken = kind.tracking.register_model(ModelRequest("signed", run_id, tmp_path / "model", "d4", "m/d")).result()
        told = kind.tracking.details([file, signed, bare, broken]).result()
        assert [each.signature for each in told] == [None, {"inputs": '[{"name": "a", "type": "double"}]'}, None, None]
        assert [dict(each.metrics) for each in told] == [{"auc": 0.75}] * 4

    def test_marks_tag_versions_and_move_aliases_and_may_be_made_again(self, kind: MlflowKind, tmp_path: Path) -> None:
        (tmp_path / "weights").write_text("1")
        run_id = kind.tracking.start_run(request("train")).result()
        made = [
            kind.tracking.register_model(ModelRequest("marked", run_id, tmp_path / "weights", digest, digest)).result()
            for digest in ("d1", "d2")
        ]
        wide = "x" * 5000
        marks = [
            ModelMark("marked", "1", {"reconciler.semver": "1.0.0", "wide": wide}, ("v1-0-0", "champion")),
            ModelMark("marked", "2", {"reconciler.semver": "1.0.1"}, ("v1-0-1",)),
        ]
        for _ in range(2):
            kind.tracking.mark(marks).result()
        assert kind.tracking.holders("champion", ["marked", "none"]).result() == {"marked": "1"}
        assert kind.tracking.holders("champion").result()["marked"] == "1"
        first, second = kind.tracking.versions_of(["none", "marked"]).result()
        assert (first.version, first.aliases, first.run_id) == ("1", ("champion", "v1-0-0"), made[0].run_id)
        assert first.tags == {**first.tags, "reconciler.semver": "1.0.0", "wide": wide}
        assert (second.version, second.aliases) == ("2", ("v1-0-1",))
        kind.tracking.mark([ModelMark("marked", "2", aliases=("champion",))]).result()
        assert kind.tracking.holders("champion", ["marked"]).result() == {"marked": "2"}
        for _ in range(2):
            kind.tracking.mark([ModelMark("marked", "2", lost=("champion",))]).result()
        assert kind.tracking.holders("champion", ["marked"]).result() == {}
        assert kind.tracking.holders("champion", ["none"]).result() == {}

    def test_versions_of_runs_below_a_root_are_found_by_the_root(self, kind: MlflowKind, tmp_path: Path) -> None:
        (tmp_path / "weights").write_text("1")
        root = kind.tracking.start_run(request("pipeline")).result()
        run_id = kind.tracking.start_run(request("train", root=root)).result()
        made = kind.tracking.register_model(ModelRequest("below", run_id, tmp_path / "weights", "d1", "w")).result()
        assert kind.tracking.registered([], root).result() == (made,)
        assert kind.tracking.registered([root]).result() == ()

    def test_a_deleted_experiment_is_refused_with_the_way_to_restore_it(self, kind: MlflowKind) -> None:
        kind.tracking.start_run(request("pipeline", experiment="old")).result()
        kind.delete_experiment(kind.tracking.variables(None, "old")["MLFLOW_EXPERIMENT_ID"])
        with pytest.raises(TrackingError, match="deleted") as caught:
            kind.tracking.start_run(request("pipeline", experiment="old")).result()
        assert "mlflow experiments restore" in (caught.value.hint or "")

    def test_autologged_and_own_metrics_of_a_steps_process_come_back_when_its_run_ends(
        self, kind: MlflowKind, trained: Trained
    ) -> None:
        data = kind.tracking.finish_run(trained.run_id, "FINISHED", {"reconciler.seconds": 1.5}).result()
        assert data.metrics["val_accuracy"] == 1.0
        assert data.metrics["training_score"] == 1.0
        assert data.metrics["reconciler.seconds"] == 1.5
        assert data.params["C"] == "0.5"
        assert data.tags["algorithm"] == "lr"
        assert len(data.models) == 1

    def test_what_a_step_logs_after_autologging_ended_its_run_is_in_its_run_too(self, kind: MlflowKind) -> None:
        tracking = kind.tracking
        root = tracking.start_run(request("pipeline")).result()
        run_id = tracking.start_run(request("train", root=root)).result()
        kind.run_step(AUTOLOGGING_FIRST, run_id, "lending")

        data = tracking.finish_run(run_id, "FINISHED").result()

        assert data.metrics["training_score"] == 1.0
        assert data.metrics["val_accuracy"] == 0.75
        assert data.params == {**data.params, "C": "0.5", "rows": "4"}
        assert data.tags["algorithm"] == "lr"
        assert len(data.models) == 1
        assert len(data.strays) == 1
        assert json.loads(kind.run_step(LOADING, None, "lending", run_id)) == {"text": "noted", "prediction": [0, 1]}
        assert tracking.finish_run(run_id, "FINISHED").result() == replace(data, strays=())

    def test_runs_that_a_step_nests_in_its_own_stay_what_they_are(self, kind: MlflowKind) -> None:
        run_id = kind.tracking.start_run(request("train")).result()
        kind.run_step(NESTING, run_id, "lending")

        data = kind.tracking.finish_run(run_id, "FINISHED").result()

        assert data.metrics == {"own": 1.0}
        assert data.strays == ()
        assert kind.children(kind.tracking.variables(None, "lending")["MLFLOW_EXPERIMENT_ID"], run_id) == 1

    def test_what_two_steps_log_at_once_is_all_kept(self, kind: MlflowKind, trained: Trained) -> None:
        assert kind.tracking.finish_run(trained.logging_run_id, "FINISHED").result().metrics == {"m": 99.0}

    def test_a_run_that_the_step_ended_well_is_failed_when_the_step_failed(
        self, kind: MlflowKind, trained: Trained
    ) -> None:
        assert kind.tracking.finish_run(trained.run_id, "FAILED").result().status == "FAILED"
        assert kind.tracking.finish_run(trained.run_id, "FINISHED").result().status == "FINISHED"

    def test_a_reused_step_is_found_under_its_new_root_and_its_model_can_be_registered_and_loaded(
        self, kind: MlflowKind, trained: Trained
    ) -> None:
        tracking = kind.tracking
        source = tracking.finish_run(trained.run_id, "FINISHED").result()
        root = tracking.start_run(request("pipeline")).result()
        copy = tracking.copy_run(trained.run_id, request("train_lr", root=root, tags={"commit": "2b3c"})).result()
        seen = json.loads(kind.run_step(REGISTERING, None, "lending", root, trained.run_id))

        assert seen["copy"] == copy
        assert seen["metrics"] == dict(source.metrics)
        assert seen["params"] == dict(source.params)
        assert seen["history"] == [[0, 0.5], [1, 0.75], [2, 1.0]]
        assert seen["status"] == "FINISHED"
        assert seen["tags"]["algorithm"] == "lr"
        assert seen["tags"]["commit"] == "2b3c"
        assert seen["tags"]["reconciler.reused_from"] == trained.run_id
        assert f"/runs/{trained.run_id}" in seen["tags"]["mlflow.note.content"]
        assert "scaler" in seen["artifacts"]
        assert seen["text"] == "scaled"
        assert "model/MLmodel" in seen["files"]
        assert seen["version"] == [copy, "1"]
        assert seen["said_by_the_model"] == copy
        assert seen["prediction"] == [0, 1]

        by_file = ModelVersion("by_an_id_in_a_file", "1", (), trained.run_id)
        champion = ModelVersion("lending_club", "1", ("champion",), copy)
        assert tracking.registered([root, copy]).result() == (by_file, champion)
        assert tracking.registered([trained.run_id]).result() == (by_file,)

        late = tracking.copy_run(trained.run_id, request("train_lr", root=root)).result()
        assert tracking.registered([late, "", "0" * 32]).result() == ()

        (details,) = tracking.details([champion]).result()
        assert details.metrics["val_accuracy"] == 1.0
        (known,) = tracking.versions_of(["lending_club"]).result()
        assert known == champion

        tracking.set_aliases([replace(champion, aliases=("champion", "approved"))]).result()
        assert tracking.registered([copy]).result()[-1].aliases == ("approved", "champion")

    def test_our_own_process_never_imports_mlflow(self, kind: MlflowKind) -> None:
        kind.tracking.flush()
        assert "mlflow" not in sys.modules
