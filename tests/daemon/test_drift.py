"""What differs with no new commit: found, told, and mended without anything being done twice."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.execution.site import Site
from reconciler.model.runs import RunStatus
from reconciler.model.upkeep import Upkeep
from reconciler.state.outputs import remove
from tests.execution.place import eventually

from .following import Following
from .origin import Origin, environment_manifest, pipeline
from .site import Clock

GREET = "greet.yaml"
INTERVAL = Upkeep().drift_seconds + 1


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    """A file to which each step writes a line when it is executed."""
    return tmp_path / "diary"


@pytest.fixture
def applied(following: Following, origin: Origin, diary: Path) -> Following:
    """Three steps, each of which reads what the one before wrote; the last one's output is read by none."""
    origin.push({GREET: _three(diary)})
    following.turn()
    return following


def _three(diary: Path, middle: str = "", count: int = 3) -> str:
    return _written_alike(pipeline(*(f"echo {n} >> {diary}{middle if n == 1 else ''}" for n in range(count))))


def _written_alike(text: str) -> str:
    """The pipeline with steps that write the same each time, and each something of its own."""
    parts = text.split("echo ${{inputs.before}} >")
    return parts[0] + "".join(f"echo text {number} >{part}" for number, part in enumerate(parts[1:]))


def _executed(diary: Path) -> list[str]:
    return diary.read_text().split() if diary.exists() else []


def _output(following: Following, step: str) -> Path:
    current = following.site.state.runs.current("greet")
    assert current is not None
    digest = following.site.state.runs.step_summaries(current.id)[step].outputs["text"]
    return following.site.state.outputs.path(digest)


def _look(following: Following, clock: Clock, is_asked: bool = False) -> None:
    """A look for drift, and all that follows from it."""
    if is_asked:
        following.follower.ask_for_drift()
    else:
        clock.advance(INTERVAL)
    following.follower.reconcile("interval")
    _settle(following, clock)


def _settle(following: Following, clock: Clock) -> None:
    for _ in range(4):
        following.follower.wait_for_drift()
        following.follower.wait()
        following.follower.reconcile("run ended")
        clock.advance(6)  # what was mended on the spot is looked at once more


def _spoil(path: Path) -> None:
    path.chmod(0o644)
    path.write_text("something else\n")


def _report(site: Site, origin: Origin) -> Following:
    return Following(site, origin, upkeep=Upkeep(heals_itself=False))


class TestOutputs:
    def test_where_all_is_as_it_was_nothing_is_done(self, applied: Following, clock: Clock, diary: Path) -> None:
        _look(applied, clock)
        _look(applied, clock, is_asked=True)
        assert len(applied.runs) == 1
        assert applied.reason("pipeline/greet") == ("RunSucceeded", "greet-1 is current")
        assert len(_executed(diary)) == 3

    @pytest.mark.parametrize("number", [0, 1])
    def test_one_that_is_gone_is_made_again_and_nothing_else(
        self, applied: Following, clock: Clock, diary: Path, number: int
    ) -> None:
        lost = _output(applied, f"step_{number}")
        remove(lost)
        _look(applied, clock)
        assert lost.exists()
        assert _executed(diary) == ["0", "1", "2", str(number)]
        run = applied.runs[-1]
        assert (run.id, run.status, run.trigger) == ("greet-2", RunStatus.SUCCEEDED, "drift")
        assert run.reasons == (f"output step_{number}.text is gone, not as greet-1 wrote it",)
        assert applied.reason("pipeline/greet") == ("RunSucceeded", "greet-2 is current")
        _look(applied, clock)
        assert len(applied.runs) == 2

    def test_two_that_are_gone_are_made_again_in_one_run(self, applied: Following, clock: Clock, diary: Path) -> None:
        for number in range(2):
            remove(_output(applied, f"step_{number}"))
        _look(applied, clock)
        assert _executed(diary) == ["0", "1", "2", "0", "1"]
        assert len(applied.runs) == 2

    def test_one_that_nothing_reads_is_made_again_once_something_does(
        self, applied: Following, origin: Origin, clock: Clock, diary: Path
    ) -> None:
        remove(_output(applied, "step_2"))
        _look(applied, clock)
        assert len(applied.runs) == 1
        assert applied.reason("pipeline/greet")[0] == "RunSucceeded"
        origin.push({GREET: _three(diary, count=4)})
        applied.turn()
        assert _executed(diary) == ["0", "1", "2", "2", "3"]

    def test_one_with_other_content_is_never_used_and_is_made_again(
        self, applied: Following, clock: Clock, diary: Path
    ) -> None:
        spoilt = _output(applied, "step_1")
        right = spoilt.read_text()
        _spoil(spoilt)
        _look(applied, clock)
        assert spoilt.read_text() == right
        assert _executed(diary) == ["0", "1", "2", "1"]
        (aside,) = applied.site.state.folder.spoilt.iterdir()
        assert aside.read_text() == "something else\n"
        assert applied.runs[-1].reasons == ("output step_1.text is of other content, not as greet-1 wrote it",)

    def test_content_is_compared_once_a_day_unless_somebody_asks(
        self, applied: Following, clock: Clock, diary: Path
    ) -> None:
        _look(applied, clock)
        _spoil(_output(applied, "step_1"))
        _look(applied, clock)
        assert len(applied.runs) == 1
        clock.advance(Upkeep().verify_seconds)
        _look(applied, clock)
        assert len(applied.runs) == 2
        _spoil(_output(applied, "step_0"))
        _look(applied, clock, is_asked=True)
        assert _executed(diary) == ["0", "1", "2", "1", "0"]

    def test_where_it_comes_out_otherwise_what_reads_it_runs_again(
        self, following: Following, origin: Origin, clock: Clock, diary: Path
    ) -> None:
        origin.push({GREET: _changing(diary)})
        following.turn()
        remove(_output(following, "step_0"))
        _look(following, clock)
        assert _executed(diary) == ["0", "1", "0", "1"]
        assert following.runs[-1].status is RunStatus.SUCCEEDED

    def test_a_step_that_is_not_deterministic_is_left_alone_when_another_is_made_again(
        self, following: Following, origin: Origin, clock: Clock, diary: Path
    ) -> None:
        text = _three(diary).replace("step_1:\n", "step_1:\n    is_deterministic: false\n")
        origin.push({GREET: text})
        following.turn()
        before = _output(following, "step_1")
        remove(_output(following, "step_0"))
        _look(following, clock)
        assert _executed(diary) == ["0", "1", "2", "0"]
        assert _output(following, "step_1") == before

    def test_when_its_own_output_is_gone_a_person_has_to_ask(
        self, following: Following, origin: Origin, clock: Clock, diary: Path
    ) -> None:
        origin.push({GREET: _three(diary).replace("step_1:\n", "step_1:\n    is_deterministic: false\n")})
        following.turn()
        remove(_output(following, "step_1"))
        _look(following, clock)
        assert len(following.runs) == 1
        assert following.reason("pipeline/greet") == (
            "Drifted",
            "output step_1.text is gone, not as greet-1 wrote it"
            " (it is not deterministic: `reconciler run greet --force` makes it anew)",
        )

    def test_a_run_that_mends_and_is_interrupted_goes_on_with_the_same_in_the_next_process(
        self, applied: Following, origin: Origin, clock: Clock, diary: Path, tmp_path: Path
    ) -> None:
        gate = tmp_path / "gate"
        origin.push({GREET: _three(diary, middle=f"; while [ -e {gate} ]; do sleep 0.02; done")})
        applied.turn()
        gate.touch()
        for number in (0, 1):
            remove(_output(applied, f"step_{number}"))
        before = _executed(diary)
        clock.advance(INTERVAL)
        applied.follower.reconcile("interval")
        applied.follower.wait_for_drift()
        applied.follower.reconcile("run ended")
        eventually(lambda: len(_executed(diary)) == len(before) + 2)
        applied.restart()
        gate.unlink()
        _settle(applied, clock)
        assert _executed(diary)[len(before) :] == ["0", "1"]
        assert applied.runs[-1].status is RunStatus.SUCCEEDED


def _changing(diary: Path) -> str:
    """Two steps, of which the first writes something else each time although it says that it does not."""
    text = pipeline(f"echo 0 >> {diary}", f"echo 1 >> {diary}")
    return _written_alike(text).replace("echo text 0 >", "date +%s%N >")


class TestOnlyToBeTold:
    @pytest.fixture
    def told(self, site: Site, origin: Origin, diary: Path) -> Iterator[Following]:
        following = _report(site, origin)
        origin.push({GREET: _three(diary)})
        following.turn()
        yield following
        following.follower.stop()

    def test_an_output_is_told_and_left_as_it_is(
        self, told: Following, clock: Clock, caplog: pytest.LogCaptureFixture
    ) -> None:
        remove(_output(told, "step_0"))
        with caplog.at_level(logging.WARNING, "reconciler"):
            _look(told, clock)
            _look(told, clock)
        message = "output step_0.text is gone, not as greet-1 wrote it"
        assert told.reason("pipeline/greet") == ("Drifted", message)
        assert [condition.type for condition in told.resources["pipeline/greet"].conditions] == ["Ready"]
        assert caplog.messages == [f"pipeline greet has drifted: {message}"]
        assert len(told.runs) == 1

    def test_once_somebody_has_put_it_back_all_is_well(self, told: Following, clock: Clock) -> None:
        lost = _output(told, "step_0")
        aside = lost.rename(lost.parent / "aside")
        _look(told, clock)
        aside.rename(lost)
        _look(told, clock)
        assert told.reason("pipeline/greet")[0] == "RunSucceeded"

    def test_so_is_one_with_other_content(self, told: Following, clock: Clock) -> None:
        _spoil(_output(told, "step_2"))
        _look(told, clock)
        assert told.reason("pipeline/greet")[0] == "Drifted"
        assert _output(told, "step_2").read_text() == "something else\n"

    def test_an_environment_that_is_gone_is_not_built_again(self, told: Following, origin: Origin) -> None:
        origin.push({"one.yaml": environment_manifest("one"), GREET: _on("one")})
        told.turn()
        shutil.rmtree(told.site.state.folder.environments)
        told.turn("interval")
        assert told.reason("environment/one")[0] == "Gone"
        assert list(told.site.state.folder.environments.glob("*")) == []


def _on(environment: str) -> str:
    return pipeline("true").replace("{image: python}", f"azureml:{environment}@latest")


def test_an_environment_that_is_broken_is_built_again(following: Following, origin: Origin, clock: Clock) -> None:
    origin.push({"one.yaml": environment_manifest("one"), GREET: _on("one")})
    following.turn()
    (built,) = (path for path in following.site.state.folder.environments.iterdir() if path.is_dir())
    (built / "broken").touch()
    _look(following, clock)
    eventually(lambda: _says(following, "environment/one") == "Built")
    assert built.exists()
    assert not (built / "broken").exists()
    assert len(following.runs) == 1


def _says(following: Following, resource: str) -> str:
    """The reason of a resource, after one more look."""
    following.follower.reconcile("run ended")
    return following.reason(resource)[0]


SCHEDULE = "trigger: {type: cron, expression: 0 3 * * *}\ncreate_job: ./greet.yaml\n"


def test_a_schedule_that_is_gone_from_the_state_is_put_back_as_it_was(
    following: Following, origin: Origin, clock: Clock
) -> None:
    origin.push({GREET: pipeline("true"), "nightly.yaml": SCHEDULE})
    following.turn()
    (before,) = following.site.state.schedules.all("main")
    following.site.state.schedules.forget("main", "nightly")
    _look(following, clock)
    (after,) = following.site.state.schedules.all("main")
    assert replace(after, seen=before.seen) == before
    assert after.seen == before.seen


def test_what_cannot_be_mended_at_the_moment_is_tried_again_as_any_run_is(
    following: Following, origin: Origin, clock: Clock, tmp_path: Path
) -> None:
    flag = tmp_path / "flag"
    flag.touch()
    origin.push({GREET: _written_alike(pipeline(f"cat {flag}", "true"))})
    following.turn()
    flag.unlink()
    remove(_output(following, "step_0"))
    _look(following, clock)
    assert [run.status for run in following.runs] == [RunStatus.SUCCEEDED, RunStatus.FAILED]
    assert following.reason("pipeline/greet")[0] == "Retrying"
    flag.touch()
    clock.advance(34)
    following.follower.retry()
    _look(following, clock)
    assert following.runs[-1].status is RunStatus.SUCCEEDED
    assert following.reason("pipeline/greet") == ("RunSucceeded", "greet-3 is current")
