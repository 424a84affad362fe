"""The variables that a step finds: what it is given, and no secret of the daemon."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .tasks import Runner

_SHOW = "python -c 'import json, os; print(json.dumps(dict(os.environ)))'"


def _seen(run: Runner, **variables: str) -> dict[str, str]:
    seen: dict[str, str] = json.loads(run(_SHOW, variables=variables).text)
    return seen


@pytest.mark.parametrize(
    "value", ["plain", "", "two words", "'quoted' \"twice\"", "$HOME `id` $(id) ; rm -rf x", "line\nline", "日本語"]
)
def test_a_variable_arrives_as_it_is_written(run: Runner, value: str) -> None:
    assert _seen(run, GIVEN=value)["GIVEN"] == value


@pytest.mark.parametrize(
    "name",
    [
        "AWS_SECRET_ACCESS_KEY",
        "GITHUB_TOKEN",
        "MLFLOW_TRACKING_PASSWORD",
        "PYTHONPATH",
        "LD_PRELOAD_X",
        "SSH_AUTH_SOCK",
    ],
)
def test_what_the_daemon_knows_does_not_leak_into_a_step(
    run: Runner, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "a secret")
    assert name not in _seen(run)


@pytest.mark.parametrize(
    "name", ["HTTPS_PROXY", "https_proxy", "No_Proxy", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "TZ"]
)
def test_a_step_reaches_the_network_as_the_daemon_does(run: Runner, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "as the machine has it")
    assert _seen(run)[name] == "as the machine has it"


def test_home_and_temporary_files_are_the_steps_own(run: Runner, tmp_path: Path) -> None:
    seen = _seen(run)
    assert seen["HOME"] == str(tmp_path / "task" / "home")
    assert seen["TMPDIR"] == str(tmp_path / "task" / "tmp")
    assert run('touch "$HOME/a" "$TMPDIR/b"').exit.code == 0


def test_text_is_utf_8_and_hashes_are_the_same_in_every_run(run: Runner) -> None:
    show = 'python -c \'print("naïve", hash("a"))\''
    run(show)
    first, second = run(show).text.splitlines()
    assert first == second
    assert first.startswith("naïve ")


def test_the_steps_python_is_that_of_its_environment(run: Runner, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    ended = run("python -c 'import sys; print(sys.prefix)'; echo $VIRTUAL_ENV", environment=str(venv))
    assert ended.text == f"{venv}\n{venv}\n"


def test_a_step_may_be_given_another_value_for_what_the_engine_sets(run: Runner) -> None:
    assert _seen(run, PYTHONHASHSEED="7")["PYTHONHASHSEED"] == "7"


def test_a_step_leaves_no_bytecode_beside_its_code(run: Runner, tmp_path: Path) -> None:
    """The code folder is shared by all runs of the same tree."""
    code = tmp_path / "code"
    code.mkdir()
    (code / "helper.py").write_text("")
    run("python -c 'import sys; sys.path.insert(0, \".\"); import helper'", code_folder=code)
    assert [path.name for path in code.iterdir()] == ["helper.py"]
