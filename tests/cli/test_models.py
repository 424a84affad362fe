"""`models`: what versions there are, and which is champion; `trace` of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.model.runs import Judgement, RegisteredModel, Run, RunStatus
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

from .program import reconciler

COMMITS = ["c0ffee" + "0" * 34, "decade" + "0" * 34]


@pytest.fixture
def known(state: Path) -> Path:
    """A state in which two runs registered a version each, of which the second was not promoted."""
    opened = State(StateFolder(state))
    for number, (semver, metric, aliases) in enumerate([("1.0.0", 0.75, ("champion",)), ("1.0.1", 0.5, ())], 1):
        revision = f"main@sha1:{COMMITS[number - 1]}"
        planned = Run("", "lending", "main", revision, "c", RunStatus.SUCCEEDED, "push", float(number), float(number))
        run = opened.runs.start(planned)
        commit = COMMITS[number - 1]
        opened.runs.save_models(
            [RegisteredModel(run.id, "credit", str(number), aliases, f"m{number}", semver, "auc", metric, commit)]
        )
    opened.model_registry.replace_aliases("credit", {"champion": "1", "reviewed": "1"})
    why = "auc 0.5, champion 1.0.0 has 0.75"
    opened.model_registry.save_judgements(
        [Judgement("lending-2", "credit", "2", "1.0.1", "champion", "auc", 0.5, "1", "1.0.0", 0.75, False, why)]
    )
    opened.close()
    return state


def test_the_table_says_who_is_champion_and_why_another_is_not(known: Path) -> None:
    header, newest, oldest = reconciler("models", "--state", known).out.splitlines()
    assert header.split("  ")[0] == "NAME"
    assert header.endswith("PROMOTION")
    assert newest.split()[:3] == ["credit", "1.0.1", "2"]
    assert "auc 0.5000" in newest
    assert "decade0000" in newest
    assert "lending-2" in newest
    assert "v1-0-1" in newest
    assert "not promoted: auc 0.5, champion 1.0.0 has 0.75" in newest
    assert "champion, reviewed, v1-0-0" in oldest


def test_json_says_all_of_it_and_yaml_the_same(known: Path) -> None:
    newest, oldest = reconciler("models", "credit", "--state", known, "-o", "json").data
    assert oldest == {
        "name": "credit",
        "semver": "1.0.0",
        "version": "1",
        "metric": "auc",
        "value": 0.75,
        "commit": COMMITS[0],
        "run": "lending-1",
        "mlflow_run_id": "m1",
        "aliases": ["champion", "reviewed", "v1-0-0"],
        "promotion": None,
    }
    assert newest["aliases"] == ["v1-0-1"]
    assert newest["promotion"] == {
        "model": "credit",
        "version": "2",
        "semver": "1.0.1",
        "alias": "champion",
        "metric": "auc",
        "value": 0.5,
        "champion": "1.0.0",
        "champion_value": 0.75,
        "promoted": False,
        "why": "auc 0.5, champion 1.0.0 has 0.75",
    }
    assert reconciler("models", "--state", known, "-o", "yaml").yaml == [newest, oldest]


def test_a_misspelt_name_is_told_with_what_was_meant(known: Path) -> None:
    answer = reconciler("models", "credti", "--state", known)
    assert answer.code == 1
    assert "no run has registered a model `credti`" in answer.err
    assert "did you mean `credit`?" in answer.err


def test_before_anything_is_registered_it_says_so(state: Path) -> None:
    answer = reconciler("models", "--state", state)
    assert (answer.code, answer.out) == (0, "")
    assert "no run has registered a model yet" in answer.err
    assert reconciler("models", "--state", state, "-o", "json").data == []


def test_the_run_tells_what_its_gate_decided(known: Path) -> None:
    (told,) = reconciler("runs", "lending-2", "--state", known, "-o", "json").data
    assert [(each["semver"], each["promoted"]) for each in told["promotions"]] == [("1.0.1", False)]
    shown = reconciler("runs", "lending-2", "--state", known).out
    assert "model credit version 2 · 1.0.1 · not promoted: auc 0.5, champion 1.0.0 has 0.75" in shown
    assert "model credit version 1 (champion) · 1.0.0" in reconciler("runs", "lending-1", "--state", known).out


class TestTrace:
    """From a version back to the run and the commit that made it."""

    @pytest.mark.parametrize(
        ("target", "run"),
        [
            ("credit", "lending-1"),
            ("credit@champion", "lending-1"),
            ("credit@reviewed", "lending-1"),
            ("credit@v1-0-1", "lending-2"),
            ("credit:1.0.1", "lending-2"),
            ("credit:1.0.0", "lending-1"),
        ],
    )
    def test_by_name_alias_or_version(self, known: Path, target: str, run: str) -> None:
        told = reconciler("trace", target, "--state", known, "-o", "json").data
        assert told["run"] == run
        assert told["revision"] == f"main@sha1:{COMMITS[int(run[-1]) - 1]}"
        assert told["semver"] == ("1.0.0" if run == "lending-1" else "1.0.1")

    def test_the_text_says_version_metric_and_verdict(self, known: Path) -> None:
        lines = reconciler("trace", "credit:1.0.1", "--state", known).out.splitlines()
        assert lines[:4] == [
            "model     credit version 2, 1.0.1",
            "metric    auc 0.5",
            "promoted  no: auc 0.5, champion 1.0.0 has 0.75",
            "run       lending-2 (succeeded)",
        ]
        first = reconciler("trace", "credit", "--state", known).out.splitlines()[0]
        assert first == "model     credit version 1 (champion, reviewed), 1.0.0"

    @pytest.mark.parametrize("target", ["credit@chapmion", "credit:9.0.0", "credit@"])
    def test_what_is_not_there_is_told_with_what_is(self, known: Path, target: str) -> None:
        answer = reconciler("trace", target, "--state", known)
        assert answer.code == 1
        assert "the model `credit` has no " in answer.err
        assert "champion, reviewed, v1-0-0, 1.0.0" in answer.err

    def test_a_misspelt_model_is_told_with_what_was_meant(self, known: Path) -> None:
        answer = reconciler("trace", "credti", "--state", known)
        assert answer.code == 1
        assert "did you mean `credit`?" in answer.err


def test_mlflow_is_not_imported_for_it(known: Path) -> None:
    program = (
        "import sys; from reconciler.cli.main import app; "
        f"app(['models', '--state', {str(known)!r}], standalone_mode=False); "
        "assert not {'mlflow', 'docker', 'pandas', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
