"""`apply -f`: manifests of any kind, committed or not."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.model.runs import RunStatus
from tests.daemon.daemon_process import statuses, until
from tests.daemon.origin import Origin

from .conftest import Followed
from .lending import FAILING, FILES, LENDING, SPLIT, TOOLS
from .program import Answer, reconciler

COMPONENT = "components/split/component.yaml"
PIPELINE = "pipelines/lending.yaml"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A work tree with nothing committed in it."""
    tree = Origin(tmp_path / "git").work_tree
    for name, text in FILES.items():
        assert text is not None
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    return tree


def _apply(path: Path, state: Path, *options: str) -> Answer:
    return reconciler("apply", "-f", path, "--state", state, "--tracking", "none", *options)


def test_a_pipeline_of_an_uncommitted_tree_runs(tree: Path, state: Path) -> None:
    answer = _apply(tree / PIPELINE, state)
    assert (answer.code, answer.err) == (0, "")
    assert "environment tools: ready" in answer.out
    assert "lending-1 train[1]: succeeded" in answer.out
    assert "lending-1: succeeded in" in answer.out
    assert "worktree@sha1:" in answer.out


def test_what_was_applied_is_not_run_again_unless_it_is_forced(tree: Path, state: Path) -> None:
    _apply(tree / PIPELINE, state)
    again = _apply(tree / PIPELINE, state)
    assert (again.code, again.out) == (0, "pipeline lending: nothing to do\n")
    forced = _apply(tree / PIPELINE, state, "--force")
    assert forced.code == 0
    assert "lending-2: succeeded in" in forced.out
    assert "lending-2 split: reused" in forced.out


def test_an_earlier_tree_is_restored(tree: Path, state: Path) -> None:
    _apply(tree / PIPELINE, state)
    (tree / "data" / "loans.csv").write_text("amount\n2\n")
    _apply(tree / PIPELINE, state)
    (tree / "data" / "loans.csv").write_text("amount\n1000\n")
    answer = _apply(tree / PIPELINE, state)
    assert answer.code == 0
    assert answer.out.startswith("lending-3: restored (restored from lending-1)")


def test_a_pipeline_that_fails_says_why(tree: Path, state: Path) -> None:
    (tree / "pipelines" / "failing.yaml").write_text(FAILING)
    answer = _apply(tree / "pipelines" / "failing.yaml", state)
    assert answer.code == 1
    assert "error: step load: exited with status 3; the end of its log:\nno such column" in answer.out


def test_an_environment_is_built(tree: Path, state: Path) -> None:
    answer = _apply(tree / "environments" / "tools.yaml", state)
    assert answer.code == 0
    title, _, location = answer.out.rstrip("\n").partition(": built at ")
    assert title == "environment tools"
    assert (Path(location) / "bin" / "python").exists()


def test_an_environment_that_cannot_be_built_is_an_error(tree: Path, state: Path) -> None:
    conda = "name: gpu\nversion: 1.0.0\nconda_file: {dependencies: [python, cudatoolkit=11.8]}\n"
    (tree / "environments" / "gpu.yaml").write_text(conda)
    answer = _apply(tree / "environments", state)
    assert answer.code == 1
    assert "environment gpu: gpu: the process engine cannot install conda packages: cudatoolkit=11.8" in answer.err
    assert "environment tools: built at" in answer.out


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (COMPONENT, "component split: valid; it runs when a pipeline uses it\n"),
        ("data/loans.yaml", "data loans: valid; it is read when a pipeline uses it\n"),
    ],
)
def test_what_only_a_pipeline_can_use_is_checked(tree: Path, state: Path, path: str, said: str) -> None:
    answer = _apply(tree / path, state)
    assert (answer.code, answer.out) == (0, said)


def test_a_folder_of_all_kinds_runs_its_pipelines(tree: Path, state: Path) -> None:
    (tree / "pipelines" / "more.yaml").write_text(LENDING.replace("name: lending", "name: more"))
    answer = _apply(tree, state)
    assert answer.code == 0
    assert "lending-1: succeeded" in answer.out
    assert "more-1: succeeded" in answer.out


def test_a_broken_manifest_is_refused_and_nothing_is_applied(tree: Path, state: Path) -> None:
    (tree / COMPONENT).write_text(SPLIT.replace("data: {type: uri_file}", "data: {type: uri_flie}"))
    answer = _apply(tree, state)
    assert answer.code == 1
    assert f"{COMPONENT}:5:10: error: " in answer.out
    assert answer.err.endswith("; nothing was applied\n")
    assert statuses(state) == []


def test_what_is_broken_elsewhere_does_not_concern_a_folder(tree: Path, state: Path) -> None:
    (tree / "data" / "broken.yaml").write_text("type: [\n")
    assert _apply(tree / "environments", state).code == 0


def test_what_is_broken_elsewhere_does_not_concern_a_pipeline_that_does_not_use_it(tree: Path, state: Path) -> None:
    (tree / PIPELINE).write_text(LENDING.replace("azureml:split@^1.0", "../components/split/component.yaml"))
    (tree / "components" / "twin.yaml").write_text(SPLIT.replace("command: ", "command: echo more; "))
    (tree / "data" / "broken.yaml").write_text("type: pipeline\njobs: [\n")
    answer = _apply(tree / PIPELINE, state)
    assert answer.code == 0, answer.out + answer.err
    assert "error" not in answer.out


def test_a_pipeline_with_an_unsupported_job_does_not_run(tree: Path, state: Path) -> None:
    spark = "  wrangle: {type: spark, code: ./src, entry: {file: run.py}}\n"
    (tree / PIPELINE).write_text(LENDING.rstrip("\n") + "\n" + spark)
    answer = _apply(tree / PIPELINE, state)
    assert answer.code == 1
    assert answer.err.endswith("does not run: job wrangle: spark jobs are not supported\n")
    assert statuses(state) == []


def test_a_pipeline_that_needs_what_is_broken_elsewhere_is_refused_with_the_cause(tree: Path, state: Path) -> None:
    (tree / COMPONENT).write_text(SPLIT.replace("tools@^1.0", "AzureML-sklearn-1.5@latest"))
    answer = _apply(tree / "pipelines", state)
    assert answer.code == 1
    assert "[unmapped-environment]" in answer.out
    assert answer.err.endswith("; nothing was applied\n")


def test_a_folder_without_manifests_is_an_error(tmp_path: Path, state: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.yaml").write_text("just: notes\n")
    answer = _apply(tmp_path / "empty", state)
    assert answer.code == 1
    assert "there is no manifest here" in answer.err
    assert "hint: " in answer.err


def test_a_version_may_be_edited_freely_until_it_is_pushed(followed: Followed, tmp_path: Path) -> None:
    state = Path(shutil.copytree(followed.state, tmp_path / "copy", symlinks=True))
    tree = tmp_path / "tree"
    followed.origin.git("worktree", "add", "-q", "--detach", str(tree))
    (tree / "environments" / "tools.yaml").write_text(TOOLS.replace("image: python", "image: ubuntu"))
    answer = _apply(tree / "environments", state)
    assert answer.code == 0
    assert "warning: " in answer.out
    assert "[version-mutated]" in answer.out
    assert "environment tools: built at" in answer.out


def test_an_interrupted_apply_cancels_its_run(tree: Path, state: Path) -> None:
    (tree / "pipelines" / "slow.yaml").write_text(FAILING.replace("exit 3", "sleep 60"))
    command = [sys.executable, "-m", "reconciler", "apply", "-f", str(tree / "pipelines" / "slow.yaml")]
    with subprocess.Popen(
        [*command, "--state", str(state), "--tracking", "none"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        until(lambda: list(state.glob("logs/runs/failing-1/load.log")))
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "cancelling; what has finished is kept" in errors
    assert "Traceback" not in errors
    assert statuses(state) == [RunStatus.CANCELLED]
