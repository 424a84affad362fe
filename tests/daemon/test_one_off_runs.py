"""Runs that somebody asks for: what they run, what they are recorded as, and what they leave alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from reconciler.daemon.asked_runs import Begun
from reconciler.model.asked_runs import AskedRun
from reconciler.model.errors import UsageError
from reconciler.model.runs import RunStatus, StepStatus

from .following import SOURCE, Following
from .origin import Origin
from .scheduling import NIGHTLY, schedule, text_of
from .waiting import Waiting

GREET = "greet.yaml"
MANIFEST = """\
type: pipeline
name: greet
inputs: {word: hello, times: 2, table: {type: uri_file, path: ./table.csv}}
jobs:
  say:
    type: command
    component:
      command: echo ${{inputs.word}} ${{inputs.times}} $(cat ${{inputs.table}}) > ${{outputs.text}}
      inputs:
        word: {type: string, enum: [hello, goodbye]}
        times: {type: integer, max: 9}
        table: {type: uri_file}
      outputs: {text: {type: uri_file}}
      environment: {image: python}
    inputs:
      word: ${{parent.inputs.word}}
      times: ${{parent.inputs.times}}
      table: ${{parent.inputs.table}}
"""


class Asking:
    """Somebody who asks for runs, each of which is waited for."""

    def __init__(self, following: Following) -> None:
        self._following = following

    def __call__(
        self, *inputs: str, name: str = "greet", is_forced: bool = False, is_overriding: bool = False, request: str = ""
    ) -> Begun:
        given = tuple((key, value) for key, _, value in (each.partition("=") for each in inputs))
        asked = AskedRun(name, "ada@lab", given, is_forced, is_overriding, request)
        begun = self._following.follower.run(asked)
        self._following.follower.wait()
        self._following.follower.reconcile("run ended")
        return begun


@pytest.fixture
def asking(following: Following, origin: Origin) -> Asking:
    origin.push({GREET: MANIFEST, "table.csv": "1\n", "other.csv": "2\n"})
    following.turn()
    return Asking(following)


def ids(following: Following) -> list[str]:
    return [run.id for run in following.runs]


class TestAsItIs:
    def test_what_ran_already_is_not_run_again_without_force(self, following: Following, asking: Asking) -> None:
        told = "nothing to do: greet-1 was exactly this; `--force` runs it all the same"
        assert asking() == Begun("", told)
        assert ids(following) == ["greet-1"]

    def test_by_force_it_is_and_steps_are_reused(self, following: Following, asking: Asking) -> None:
        assert asking(is_forced=True) == Begun("greet-2", "started greet-2")
        run = following.runs[-1]
        assert (run.status, run.trigger, run.source) == (RunStatus.SUCCEEDED, "run by ada@lab", SOURCE)
        assert run.reasons[0] == "asked for by ada@lab"
        assert [step.status for step in following.site.state.runs.steps(run.id)] == [StepStatus.REUSED]
        assert following.reason("pipeline/greet") == ("RunSucceeded", "greet-2 is current")

    def test_one_request_starts_one_run(self, following: Following, asking: Asking) -> None:
        for _ in range(2):
            assert asking(is_forced=True, request="7").run == "greet-2"
        assert ids(following) == ["greet-1", "greet-2"]

    def test_what_failed_is_tried_again(self, following: Following, origin: Origin, asking: Asking) -> None:
        origin.push({GREET: MANIFEST.replace("command: echo", "command: exit 3; echo")})
        following.turn()
        assert asking().run == "greet-3"
        assert following.runs[-1].status is RunStatus.FAILED

    def test_there_has_to_be_such_a_pipeline(self, asking: Asking) -> None:
        with pytest.raises(UsageError, match="has no pipeline `gret`") as refused:
            asking(name="gret")
        assert refused.value.hint == "did you mean `greet`?"

    def test_before_anything_is_applied_there_is_nothing_to_run(self, following: Following) -> None:
        with pytest.raises(UsageError, match="no revision is applied yet"):
            Asking(following)()

    def test_two_at_once_are_refused(
        self, following: Following, origin: Origin, waiting: Waiting, asking: Asking
    ) -> None:
        origin.push({GREET: waiting.manifest})
        following.follower.reconcile("push")
        waiting.until_second()
        with pytest.raises(UsageError, match="greet-2 is under way") as refused:
            asking(is_forced=True)
        assert "reconciler cancel greet-2" in str(refused.value.hint)
        waiting.go_on()


class TestWithOtherInputs:
    def test_it_runs_with_them_and_says_so(self, following: Following, asking: Asking) -> None:
        assert asking("word=goodbye", "times=3", "table=other.csv").run == "greet@run-1"
        run = following.runs[-1]
        assert (run.status, run.trigger) == (RunStatus.SUCCEEDED, "run by ada@lab")
        assert run.reasons == (
            "asked for by ada@lab",
            "input word: hello → goodbye",
            "input times: 2 → 3",
            "input table: ./table.csv → other.csv",
        )
        (step,) = following.site.state.runs.steps(run.id)
        assert text_of(following, step) == "goodbye 3 2\n"

    def test_what_git_says_stays_current(self, following: Following, asking: Asking) -> None:
        asking("times=3")
        current = following.site.state.runs.current("greet")
        assert current is not None
        assert current.id == "greet-1"
        assert following.reason("pipeline/greet") == ("RunSucceeded", "greet-1 is current")
        assert following.turn("request", is_asked=True).started == ()

    def test_a_step_that_they_do_not_change_is_reused_and_so_is_what_it_made(
        self, following: Following, origin: Origin, asking: Asking
    ) -> None:
        asking("times=3")
        origin.push({GREET: MANIFEST.replace("times: 2", "times: 3")})
        following.turn()
        assert [step.status for step in following.site.state.runs.steps("greet-2")] == [StepStatus.REUSED]

    def test_the_same_again_is_not_run_without_force(self, asking: Asking) -> None:
        asking("times=3")
        asking("times=4")
        assert asking("times=3").message.startswith("nothing to do: greet@run-1 was exactly this")
        assert asking("times=3", is_forced=True).run == "greet@run-3"

    @pytest.mark.parametrize(
        ("given", "message", "hint"),
        [
            ("tims=3", "pipeline `greet` has no input `tims`", "did you mean `times`?"),
            ("times=many", "integer", ""),
            ("times=10", "10", ""),
            ("word=hi", "hi", "goodbye"),
            ("table=nope.csv", "nope.csv", ""),
        ],
    )
    def test_what_an_input_does_not_take_is_refused(
        self, following: Following, asking: Asking, given: str, message: str, hint: str
    ) -> None:
        with pytest.raises(UsageError) as refused:
            asking(given)
        assert message in refused.value.message
        assert hint in str(refused.value.hint)
        assert refused.value.place == GREET
        assert ids(following) == ["greet-1"]

    def test_one_that_was_left_in_the_middle_goes_on_with_the_same_inputs(
        self, following: Following, origin: Origin, waiting: Waiting
    ) -> None:
        manifest = waiting.manifest.replace("before: 7", "before: '${{parent.inputs.first}}'")
        origin.push({GREET: manifest + "inputs: {first: 7}\nsuspended: true\n"})
        following.turn()
        asked = AskedRun("greet", "ada@lab", (("first", "8"),), is_overriding=True)
        assert following.follower.run(asked).run == "greet@run-1"
        waiting.until_second()
        assert following.restart() == ["greet@run-1"]
        waiting.go_on()
        following.follower.wait()
        run = following.runs[-1]
        assert (run.id, run.status, run.error) == ("greet@run-1", RunStatus.SUCCEEDED, "")
        assert waiting.begun() == ["first", "second"]

    def test_a_schedule_of_the_pipeline_fires_beside_it(
        self, following: Following, origin: Origin, asking: Asking
    ) -> None:
        origin.push({NIGHTLY: schedule(trigger="{type: recurrence, frequency: day, interval: 1}")})
        following.turn()
        asking("times=3")
        assert following.reason("schedule/nightly")[0] == "Scheduled"


class TestHeldStill:
    @pytest.mark.parametrize("kind", ["pipeline", "source"])
    @pytest.mark.parametrize("inputs", [(), ("times=3",)])
    def test_it_is_refused_unless_overridden_which_is_recorded(
        self, following: Following, asking: Asking, kind: str, inputs: Sequence[str]
    ) -> None:
        name = "greet" if kind == "pipeline" else SOURCE
        following.site.state.suspensions.suspend(SOURCE, kind, name, "bob@lab", "audit", 0.0)
        with pytest.raises(UsageError, match="suspended by bob@lab since 1970-01-01T00:00:00Z: audit") as refused:
            asking(*inputs, is_forced=True)
        assert "--override" in str(refused.value.hint)
        assert asking(*inputs, is_forced=True, is_overriding=True).run
        assert any("overriding" in reason and "audit" in reason for reason in following.runs[-1].reasons)

    def test_what_git_holds_still_is_refused_too(self, following: Following, origin: Origin, asking: Asking) -> None:
        origin.push({GREET: MANIFEST.replace("hello,", "goodbye,") + "suspended: true\n"})
        following.turn()
        with pytest.raises(UsageError, match="suspended in its manifest"):
            asking()
        assert asking(is_overriding=True).run == "greet-2"
        assert following.reason("pipeline/greet") == ("RunSucceeded", "greet-2 is current")
