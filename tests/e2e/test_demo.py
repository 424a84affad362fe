"""The main job, act by act."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from reconciler.state.folder import StateFolder
from tests.e2e.conftest import Played
from tests.e2e.program import git, reconciler, rows

pytestmark = pytest.mark.e2e

BEFORE_TRAINING = ("prepare_data", "split", "scale")
TRAINING = ("train_lr", "train_lightgbm", "train_tensorflow")
ALL = {*BEFORE_TRAINING, "oversample", "reference_model", *TRAINING, "register_best_model"}


def test_act_1_lays_out_a_work_tree_with_an_origin_and_follows_it(played: Played) -> None:
    laid_out = rows(played.acts[1])
    assert laid_out["components"] == "10"
    assert laid_out["environments"] == "4"
    assert laid_out["pipelines"] == "1"
    assert git(played.folder / "repo", "remote", "get-url", "origin") == str(played.folder / "origin.git")
    assert re.search(r"daemon +process \d+", played.acts[1])


def test_act_2_runs_the_whole_pipeline_in_environments_of_its_own(played: Played) -> None:
    assert set(played.steps(0)) == ALL
    assert {step["status"] for step in played.steps(0).values()} == {"succeeded"}
    for environment in ("sklearn", "imbalanced-learning", "lightgbm", "tensorflow"):
        assert re.search(rf"environment {environment}: building", played.acts[2])
        assert re.search(rf"environment {environment}: ready", played.acts[2])


def test_act_2_sweeps_over_solvers_leaves_and_dropout(played: Played) -> None:
    table = rows(played.acts[2])
    assert {"train_lr (4 trials)", "train_lightgbm (5 trials)", "train_tensorflow (4 trials)"} <= set(table)
    assert set(re.findall(r"solver=([\w-]+)", played.acts[2])) == {"lbfgs", "sag", "saga", "newton-cg"}
    assert set(re.findall(r"dropout=([\d.]+)", played.acts[2])) == {"0.01", "0.1", "0.2", "0.5"}
    assert all(0 <= int(leaves) < 1000 for leaves in re.findall(r"num_leaves=(\d+)", played.acts[2]))


def test_act_2_learns_more_than_the_base_line_and_registers_the_champion(played: Played) -> None:
    accuracy = {
        name: float(match[1])
        for name, row in rows(played.acts[2]).items()
        if (match := re.search(r"val_accuracy ([\d.]+)", row))
    }
    base = accuracy.pop("reference_model")
    assert len(accuracy) == 3
    assert max(accuracy.values()) > base
    assert "model lending_club version 1 (champion)" in played.acts[2]


def test_act_3_builds_and_runs_nothing_for_a_readme(played: Played) -> None:
    assert "nothing was built, nothing ran" in played.acts[3]
    assert "lending_club-1 is current" in rows(played.acts[3])["lending_club"]


def test_act_4_runs_only_oversample_and_what_reads_it_and_says_why(played: Played) -> None:
    steps = played.steps(1)
    ran = {name for name, step in steps.items() if step["status"] == "succeeded"}
    assert ran == {"oversample", "reference_model", "register_best_model"}
    assert {steps[name]["status"] for name in ALL - ran} == {"reused"}
    table = rows(played.acts[4])
    assert "component oversample 1.0.0 → 1.1.0" in table["oversample"]
    assert "oversample wrote other content" in table["reference_model"]
    assert "is not deterministic" in table["register_best_model"]
    for name in ALL - ran:
        assert "same fingerprint as in lending_club-1" in table[name]
    assert "building" not in played.acts[4]


def test_act_5_cuts_off_early_where_the_output_is_the_same(played: Played) -> None:
    steps = played.steps(2)
    ran = {name for name, step in steps.items() if step["status"] == "succeeded"}
    assert ran == {"prepare_data", "register_best_model"}
    table = rows(played.acts[5])
    assert "component lending_club_process_data 1.0.0 → 1.0.1 · src/run.py changed" in table["prepare_data"]
    assert "prepare_data wrote the same content as before" in table["split"]


def test_act_6_restores_the_first_run_in_about_a_second(played: Played) -> None:
    assert played.runs[3]["status"] == "restored"
    assert {step["status"] for step in played.steps(3).values()} == {"reused"}
    assert played.runs[3]["mlflow_run_id"] == played.runs[0]["mlflow_run_id"]
    assert "model lending_club version 1 (champion)" in played.acts[6]
    took = re.search(r"act 6 took ([\d.]+) s", played.acts[6])
    assert took is not None
    assert float(took[1]) < 5.0  # far above what it takes, far below what training takes


def test_act_7_refuses_a_broken_manifest_with_place_and_hint(played: Played) -> None:
    assert re.search(r"refused +\w+: pipelines/lending_club\.yaml:\d+:\d+: error: .*test_sise.* – ", played.acts[7])
    assert "the last good revision" in played.acts[7]
    assert len(played.runs) == 4
    source = reconciler("get", "source", "--state", played.state, "-o", "json").data()[0]
    good = git(played.folder / "repo", "rev-parse", "HEAD~1")
    assert source["revision"] == f"main@sha1:{good}"
    assert any(each["type"] == "Stalled" and each["status"] for each in source["conditions"])


def test_it_ends_by_saying_how_to_look_and_what_it_says_works(played: Played) -> None:
    said = played.answer.out.partition("played in ")[2]
    assert "mlflow ui --backend-store-uri sqlite:///" in said
    for verb in ("get", "runs", "trace lending_club"):
        assert f"  reconciler {verb} --state {played.state}" in said
        assert reconciler(*verb.split(), "--state", played.state).code == 0


def test_the_daemon_is_gone_afterwards(played: Played) -> None:
    assert reconciler("reconcile", "--state", played.state).code == 1


def test_the_record_nests_trials_below_sweeps_below_the_run(played: Played) -> None:
    uri = StateFolder(played.state).mlflow_uri
    root, second_root = played.runs[0]["mlflow_run_id"], played.runs[1]["mlflow_run_id"]
    found = _search(uri, f"tags.`mlflow.rootRunId` = '{root}'")
    children = {run["name"]: run for run in found}
    assert children["train_lr"]["parent"] == root
    assert children["train_lr[0]"]["parent"] == children["train_lr"]["id"]
    assert '"solver": "lbfgs"' in children["train_lr[0]"]["hyperparameters"]
    assert children["train_lr[0]"]["algorithm"]
    reused = {run["name"]: run for run in _search(uri, f"tags.`mlflow.rootRunId` = '{second_root}'")}
    assert reused["train_lr[0]"]["accuracy"] == children["train_lr[0]"]["accuracy"]
    assert set(reused) - {"lending_club-2"} == set(children) - {"lending_club-1"}


_SEARCH = """
import json, sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
found = mlflow.search_runs(search_all_experiments=True, filter_string=sys.argv[2], output_format="list")
print(json.dumps([{
    "id": run.info.run_id,
    "name": run.info.run_name,
    "parent": run.data.tags.get("mlflow.parentRunId"),
    "hyperparameters": run.data.tags.get("hyperparameters", ""),
    "algorithm": run.data.tags.get("algorithm", ""),
    "accuracy": run.data.metrics.get("val_accuracy"),
} for run in found]))
"""


def _search(uri: str, query: str) -> list[dict[str, str]]:
    import json

    command = [sys.executable, "-c", _SEARCH, uri, query]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: list[dict[str, str]] = json.loads(done.stdout.splitlines()[-1])
    return found
