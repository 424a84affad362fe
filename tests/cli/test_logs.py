"""`logs`: what steps, trials and environment builds printed."""

from __future__ import annotations

from .conftest import Followed
from .program import reconciler


def _logs(followed: Followed, *arguments: str) -> str:
    answer = reconciler("logs", *arguments, "--state", followed.state)
    assert answer.code == 0
    return answer.out


def test_a_step_of_a_run(followed: Followed) -> None:
    assert _logs(followed, "lending-1", "split") == "first\nsecond\nthird\n"


def test_a_pipeline_means_its_newest_run(followed: Followed) -> None:
    assert _logs(followed, "lending", "split") == "first\nsecond\nthird\nfourth\n"


def test_a_trial(followed: Followed) -> None:
    assert _logs(followed, "lending-1", "train[2]") == "rate 0.3\n"


def test_all_trials_of_a_sweep_under_their_titles(followed: Followed) -> None:
    assert _logs(followed, "lending-1", "train") == "".join(
        f"==> train[{number}] <==\nrate {rate}\n" for number, rate in enumerate((0.1, 0.2, 0.3))
    )


def test_all_steps_of_a_run(followed: Followed) -> None:
    said = _logs(followed, "lending-1")
    assert said.startswith("==> split <==\nfirst\n")
    assert said.endswith("==> train[2] <==\nrate 0.3\n")


def test_only_the_last_lines(followed: Followed) -> None:
    assert _logs(followed, "lending-1", "split", "--tail", "2") == "second\nthird\n"
    assert _logs(followed, "lending-1", "split", "--tail", "99") == "first\nsecond\nthird\n"


def test_a_reused_step_shows_what_was_printed_when_it_ran(followed: Followed) -> None:
    assert _logs(followed, "lending-2", "train") == _logs(followed, "lending-1", "train")
    assert _logs(followed, "lending-2", "train[1]") == "rate 0.2\n"


def test_a_failed_step(followed: Followed) -> None:
    assert _logs(followed, "failing", "load") == "no such column\n"


def test_the_build_of_an_environment(followed: Followed) -> None:
    said = _logs(followed, "environment", "tools")
    assert "$ uv venv --python" in said
    assert _logs(followed, "env", "tools", "--tail", "1") == said.splitlines(keepends=True)[-1]
