"""The installed program as a whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Followed
from .program import process, reconciler

_VERBS = [
    *("init", "demo", "validate", "plan", "review", "apply", "outdated", "upgrade", "release"),
    *("get", "describe", "events", "runs", "logs", "tree", "trace", "compare", "models"),
    *("daemon", "reconcile", "run", "cancel", "suspend", "resume", "rollback", "unpin"),
    *("gc", "doctor", "notify"),
]
_HEAVY = {
    *("mlflow", "git", "sqlalchemy", "optuna", "numpy", "pandas", "rich", "yaml", "jsonschema", "apscheduler"),
    *("docker", "structlog"),
}


def _imported(*arguments: str | Path) -> set[str]:
    """The packages that a verb imports."""
    command = [sys.executable, "-X", "importtime", "-m", "reconciler", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    times = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in times}


@pytest.mark.parametrize("verb", ["", *_VERBS])
def test_every_verb_explains_itself(verb: str) -> None:
    answer = reconciler(*verb.split(), "--help")
    assert answer.code == 0
    assert answer.out.startswith("Usage: reconciler")
    assert reconciler(*verb.split(), "-h").out == answer.out


def test_the_help_lists_every_verb() -> None:
    listed = reconciler("--help").out.partition("Commands:\n")[2]
    assert [line.split()[0] for line in listed.splitlines() if line.startswith("  ") and line[2] != " "] == _VERBS


def test_help_imports_nothing_heavy() -> None:
    assert _imported("--help") & _HEAVY == set()


@pytest.mark.parametrize(
    "verb",
    [
        *(("runs",), ("get",), ("logs", "lending"), ("runs", "-o", "json")),
        *(("describe", "component", "split"), ("describe", "lending-2", "-o", "json")),
    ],
)
def test_the_quick_verbs_import_nothing_heavy(followed: Followed, verb: tuple[str, ...]) -> None:
    assert _imported(*verb, "--state", followed.state) & (_HEAVY - {"yaml", "jsonschema"}) == set()


def test_the_script_that_is_installed_is_the_same_program(followed: Followed) -> None:
    script = Path(sys.executable).parent / "reconciler"
    done = subprocess.run(
        [script, "runs", "-o", "json"],
        env={**os.environ, "RECONCILER_STATE": str(followed.state)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == reconciler("runs", "-o", "json", "--state", followed.state).out


@pytest.mark.parametrize(("verb", "code"), [("runs", 0), ("get", 0), ("logs lending", 0), ("runs nope", 1)])
def test_a_reader_that_goes_away_is_no_error(followed: Followed, verb: str, code: int) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "reconciler", *verb.split(), "--state", str(followed.state)]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert done.returncode == code
    assert "Error" not in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_done_goes_on_when_nobody_reads_of_it(tmp_path: Path) -> None:
    (tmp_path / "pipeline.yaml").write_text(
        "type: pipeline\nname: quiet\njobs:\n  touch:\n"
        f"    command: sleep 0.3; touch {tmp_path}/done\n    environment: {{image: python}}\n"
    )
    command = [sys.executable, "-u", "-m", "reconciler", "apply", "-f", str(tmp_path), "--tracking", "none"]
    with subprocess.Popen([*command, "--state", str(tmp_path / "state")], stdout=subprocess.PIPE) as applying:
        assert applying.stdout is not None
        applying.stdout.readline()
        applying.stdout.close()
        assert applying.wait(timeout=20) == 0
    assert (tmp_path / "done").exists()


def test_output_that_is_no_terminal_has_no_colours(followed: Followed) -> None:
    answer = process("runs", "lending-2", "--state", followed.state)
    assert "\x1b" not in answer.out + answer.err
