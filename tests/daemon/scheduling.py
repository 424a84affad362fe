"""Schedules that a test pushes, and the clock that they go by."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from reconciler.model.runs import StepRun

from .following import Following
from .origin import Origin

GREET = "greet.yaml"
NIGHTLY = "nightly.yaml"


class SetClock:
    """Time as a test sets it."""

    def __init__(self, text: str) -> None:
        self._now = 0.0
        self.set(text)

    def __call__(self) -> float:
        return self._now

    def set(self, text: str) -> None:
        self._now = datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()

    def advance(self, seconds: float) -> None:
        self._now += seconds


def schedule(trigger: str = "{type: cron, expression: 0 6 * * *}", job: str = "./greet.yaml", more: str = "") -> str:
    """A schedule that fires at six in the morning."""
    return f"trigger: {trigger}\ncreate_job: {job}\n{more}"


def with_input(value: str, gate: Path | None = None) -> str:
    """A pipeline that prints its input `day`, once there is a file at the gate."""
    wait = f"until test -e {gate}; do sleep 0.02; done; " if gate else ""
    return (
        "type: pipeline\nname: greet\ninputs: {day: none}\njobs:\n  say:\n    type: command\n"
        f"    command: '{wait}echo ${{{{inputs.day}}}} {value} > ${{{{outputs.text}}}}'\n"
        "    inputs: {day: '${{parent.inputs.day}}'}\n"
        "    outputs: {text: {type: uri_file}}\n    environment: {image: python}\n"
    )


OF_THE_DAY = "{job: ./greet.yaml, inputs: {day: '${{creation_context.trigger_time}}'}}"


def said(following: Following) -> tuple[str, str]:
    """What is said of the schedule."""
    return following.reason("schedule/nightly")


def text_of(following: Following, step: StepRun) -> str:
    """What a step wrote."""
    return following.site.state.outputs.path(step.outputs["text"]).read_text(encoding="utf-8")


def begin(following: Following, origin: Origin, job: str = "./greet.yaml", trigger: str | None = None) -> None:
    """A first revision, applied and run; an hour and more before its schedule fires first."""
    manifest = schedule(trigger, job) if trigger else schedule(job=job)
    origin.push({GREET: with_input("hello"), NIGHTLY: manifest})
    following.turn()
    assert [run.trigger for run in following.runs] == ["push"]
