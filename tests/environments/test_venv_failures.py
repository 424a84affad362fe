"""Builds that fail, are killed in the middle, or are wanted twice at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reconciler.environments.base import EnvironmentSpec
from reconciler.environments.venv import VenvBuilder
from reconciler.model.errors import EnvironmentBuildError

from .builds import MAKES_VENV, TINY, calls, conda_spec, context_spec, fake_uv, output_of

_BUILD = """
import sys
from pathlib import Path
from reconciler.environments.venv import VenvBuilder
from tests.environments.builds import conda_spec
folder, log, uv, requirement = sys.argv[1:]
print(VenvBuilder(Path(folder), uv or None).build(conda_spec(requirement), Path(log)))
"""


def _left(folder: Path) -> list[str]:
    """What lies in the folder of environments besides locks."""
    return [path.name for path in folder.iterdir() if path.suffix != ".lock"]


def _building(folder: Path, log: Path, uv: str = "", requirement: str = TINY) -> subprocess.Popen[str]:
    """Another process that builds."""
    arguments = [sys.executable, "-c", _BUILD, str(folder), str(log), uv, requirement]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def test_a_requirement_that_does_not_exist_shows_the_last_lines_of_uv(builder: VenvBuilder, log: Path) -> None:
    with pytest.raises(EnvironmentBuildError) as failed:
        builder.build(conda_spec("iniconfig==99.99", name="training"), log)
    first = "environment `training` cannot be built: No solution found when resolving dependencies; the end of its log:"
    assert failed.value.message.splitlines()[0] == first
    assert "iniconfig==99.99" in failed.value.message
    assert "unsatisfiable" in failed.value.message
    assert failed.value.place == str(log)
    assert failed.value.hint == "correct the requirement that uv names"


def _no_python(folder: Path) -> EnvironmentSpec:
    return conda_spec(python="=3.99")


def _no_version(folder: Path) -> EnvironmentSpec:
    return conda_spec("iniconfig==99.99")


def _no_requirement(folder: Path) -> EnvironmentSpec:
    return conda_spec("not a requirement!")


def _bad_file(folder: Path) -> EnvironmentSpec:
    return context_spec(folder / "context", "FROM python\n", requirements="-r missing.txt\n")


@pytest.mark.parametrize("failing", [_no_python, _no_version, _no_requirement, _bad_file])
def test_a_build_that_fails_leaves_nothing_behind(
    builder: VenvBuilder, folder: Path, tmp_path: Path, log: Path, failing: object
) -> None:
    assert callable(failing)
    spec = failing(tmp_path)
    with pytest.raises(EnvironmentBuildError):
        builder.build(spec, log)
    assert builder.location(spec) is None
    assert _left(folder) == []


def test_only_the_end_of_a_long_log_is_shown(folder: Path, tmp_path: Path, log: Path) -> None:
    uv = fake_uv(tmp_path, "i=0; while [ $i -lt 500 ]; do echo line $i; i=$((i+1)); done; exit 2")
    with pytest.raises(EnvironmentBuildError) as failed:
        VenvBuilder(folder, uv).build(conda_spec(TINY), log)
    assert failed.value.message.splitlines()[1:] == [f"line {number}" for number in range(488, 500)]


def test_the_log_of_a_second_attempt_does_not_begin_with_the_first(folder: Path, tmp_path: Path, log: Path) -> None:
    with pytest.raises(EnvironmentBuildError):
        VenvBuilder(folder, fake_uv(tmp_path, "echo first; exit 1")).build(conda_spec(), log)
    VenvBuilder(folder, fake_uv(tmp_path, f"{MAKES_VENV}\necho second")).build(conda_spec(), log)
    assert "first" not in log.read_text()
    assert "second" in log.read_text()


def test_after_a_failure_the_same_environment_can_be_built(folder: Path, tmp_path: Path, log: Path) -> None:
    """The network was away, say."""
    with pytest.raises(EnvironmentBuildError):
        VenvBuilder(folder, fake_uv(tmp_path, f"{MAKES_VENV}\n[ $1 = venv ]")).build(conda_spec(TINY), log)
    venv = VenvBuilder(folder).build(conda_spec(TINY), log)
    assert output_of(venv, "import iniconfig; print('there')") == "there"


@pytest.mark.parametrize("uv", ["/no/such/uv", "/"])
def test_a_missing_uv_is_named(folder: Path, log: Path, uv: str) -> None:
    with pytest.raises(EnvironmentBuildError, match="environment `tiny` cannot be built: ") as failed:
        VenvBuilder(folder, uv).build(conda_spec(TINY), log)
    assert uv in failed.value.message
    assert failed.value.hint
    assert _left(folder) == []


def test_a_requirement_that_no_program_can_be_given_is_refused_in_words(
    builder: VenvBuilder, folder: Path, log: Path
) -> None:
    with pytest.raises(EnvironmentBuildError, match="cannot be built"):
        builder.build(conda_spec("a\0b"), log)
    assert _left(folder) == []


def test_two_threads_that_need_one_environment_build_it_once(folder: Path, tmp_path: Path) -> None:
    barrier = threading.Barrier(4)
    uv = fake_uv(tmp_path, MAKES_VENV)

    def build(number: int) -> str:
        barrier.wait()
        return VenvBuilder(folder, uv).build(conda_spec(TINY), tmp_path / f"log{number}")

    with ThreadPoolExecutor(4) as threads:
        built = list(threads.map(build, range(4)))
    assert len(set(built)) == 1
    assert len(calls(tmp_path)) == 2


def test_two_processes_that_need_one_environment_build_it_once(folder: Path, tmp_path: Path) -> None:
    """The first is held in the middle until the second is under way."""
    gate, begun = tmp_path / "gate", tmp_path / "begun"
    os.mkfifo(gate)
    os.mkfifo(begun)
    uv = fake_uv(tmp_path, f"{MAKES_VENV}\nif [ $1 = venv ]; then echo > {begun}; read go < {gate}; fi")
    first = _building(folder, tmp_path / "log1", uv)
    begun.read_text()
    second = _building(folder, tmp_path / "log2", uv)
    gate.write_text("go\n")
    answers = {process.communicate(timeout=60)[0] for process in (first, second)}
    assert first.returncode == second.returncode == 0
    assert len(answers) == 1
    assert len(calls(tmp_path)) == 2


def test_environments_that_differ_do_not_wait_for_each_other(folder: Path, tmp_path: Path, log: Path) -> None:
    gate, begun = tmp_path / "gate", tmp_path / "begun"
    os.mkfifo(gate)
    os.mkfifo(begun)
    slow_uv = fake_uv(tmp_path, f"{MAKES_VENV}\nif [ $1 = venv ]; then echo > {begun}; read go < {gate}; fi")
    slow = _building(folder, tmp_path / "slow.log", slow_uv, "slow")
    begun.read_text()
    assert VenvBuilder(folder).build(conda_spec(TINY), log)
    gate.write_text("go\n")
    assert slow.wait(60) == 0


def test_a_build_that_was_killed_in_the_middle_is_made_anew(folder: Path, tmp_path: Path, log: Path) -> None:
    begun = tmp_path / "begun"
    os.mkfifo(begun)
    uv = fake_uv(tmp_path, f"{MAKES_VENV}\nif [ $1 = pip ]; then touch $4.half; echo > {begun}; read go < {begun}; fi")
    daemon = _building(folder, tmp_path / "killed.log", uv)
    begun.read_text()
    daemon.send_signal(signal.SIGKILL)
    daemon.communicate()
    begun.write_text("go\n")
    spec = conda_spec(TINY)
    assert _left(folder) != []
    assert VenvBuilder(folder).location(spec) is None
    venv = VenvBuilder(folder).build(spec, log)
    assert output_of(venv, "import iniconfig; print('there')") == "there"
    assert not (Path(venv) / "bin" / "python.half").exists()


def test_nobody_builds_beside_a_uv_that_outlived_its_daemon(folder: Path, tmp_path: Path, log: Path) -> None:
    """It would write into the new environment; so the next build waits until it has ended."""
    gate, begun = tmp_path / "gate", tmp_path / "begun"
    os.mkfifo(gate)
    os.mkfifo(begun)
    order = tmp_path / "order"
    uv = fake_uv(tmp_path, f"{MAKES_VENV}\necho > {begun}; read go < {gate}; echo orphan ended >> {order}")
    daemon = _building(folder, tmp_path / "killed.log", uv)
    begun.read_text()
    daemon.send_signal(signal.SIGKILL)
    daemon.communicate()
    (tmp_path / "next").mkdir()
    next_uv = fake_uv(tmp_path / "next", f"{MAKES_VENV}\necho next $1 >> {order}")
    following = _building(folder, log, next_uv)
    with pytest.raises(subprocess.TimeoutExpired):
        following.wait(1.5)
    gate.write_text("go\n")
    assert following.wait(60) == 0
    assert order.read_text().splitlines() == ["orphan ended", "next venv", "next pip"]
