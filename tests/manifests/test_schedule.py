"""Schedules from their documents, and what is said of those that are wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifests.fields import Reading
from reconciler.manifests.schedule import schedule
from reconciler.manifests.schema import check
from reconciler.model.pipelines import FromData, Literal, Pipeline
from reconciler.model.problems import Code, Problem, Severity
from reconciler.model.references import Reference
from reconciler.model.schedules import TRIGGER_TIME, Cron, Frequency, Overrides, Recurrence, Schedule, Trigger

from .conftest import Checked

CRON = {"type": "cron", "expression": "30 6 * * 1-5"}
DAILY = {"type": "recurrence", "frequency": "day", "interval": 1}
INLINE = {"type": "pipeline", "jobs": {"greet": {"command": "true", "environment": {"image": "python"}}}}


def read(trigger: Mapping[str, Any] = CRON, create_job: object = "./pipeline.yaml", **more: object) -> Schedule:
    """A schedule without any problem."""
    found, problems = read_with_problems(trigger, create_job, **more)
    assert problems == []
    return found


def read_with_problems(
    trigger: Mapping[str, Any] = CRON, create_job: object = "./pipeline.yaml", **more: object
) -> tuple[Schedule, list[Problem]]:
    document = {"trigger": dict(trigger), "create_job": create_job, **more}
    assert [problem for problem in check("schedule", document, "nightly.yaml") if problem.is_error] == []
    reading = Reading("nightly.yaml")
    found = schedule(document, reading, "nightly")
    return found, reading.problems


def refused(trigger: Mapping[str, Any]) -> tuple[str, str, str]:
    """The only problem of a trigger: place, message and hint."""
    _, (problem,) = read_with_problems(trigger)
    assert (problem.code, problem.is_error) == (Code.INVALID_VALUE, True)
    return ".".join(map(str, problem.pointer)), problem.message, problem.hint


class TestTriggers:
    def test_a_cron_trigger(self) -> None:
        found = read({**CRON, "expression": " 30  6 * * 1-5 ", "time_zone": "W. Europe Standard Time"})
        assert found.trigger == Trigger(Cron("30 6 * * 1-5"), "Europe/Berlin")
        assert found.job == Reference("./pipeline.yaml", path="./pipeline.yaml")
        assert (found.name, found.is_named, found.is_enabled) == ("nightly", False, True)

    def test_a_recurrence_with_everything(self) -> None:
        pattern = {"hours": [18, 6, 6], "minutes": 30, "week_days": ["Friday", "monday"]}
        times = {"start_time": "2026-01-01T00:00:00", "end_time": "2026-12-31"}
        found = read({**DAILY, "frequency": "Week", "interval": 2, "schedule": pattern, **times})
        when = Recurrence(Frequency.WEEK, 2, (6, 18), (30,), (0, 4))
        assert found.trigger == Trigger(when, "UTC", "2026-01-01T00:00:00", "2026-12-31T00:00:00")

    @pytest.mark.parametrize("written", ["2026-07-01T10:00:00Z", "2026-07-01T12:00:00+02:00", "2026-07-01 12:00"])
    def test_a_start_with_an_offset_is_that_moment_in_the_zone(self, written: str) -> None:
        assert (
            read({**CRON, "start_time": written, "time_zone": "Europe/Berlin"}).trigger.start == "2026-07-01T12:00:00"
        )

    def test_empty_values_are_as_if_left_out(self) -> None:
        empty = dict.fromkeys(("start_time", "end_time", "schedule", "time_zone"))
        assert read({**DAILY, **empty}).trigger == Trigger(Recurrence(Frequency.DAY, 1))

    @pytest.mark.parametrize(
        ("expression", "message", "hint"),
        [
            ("30 6 * *", "`30 6 * *` has 4 fields, not five", "write minute, hour, day of month, month, day of week"),
            ("0 30 6 * * 1", "`0 30 6 * * 1` has 6 fields, not five", "write minute, hour"),
            ("@daily", "`@daily` is no cron expression of five fields", 'write `expression: "0 0 * * *"`'),
            ("60 6 * * *", "`60` is not understood as the minute of `60 6 * * *`", "0 to 59"),
            ("0 24 * * *", "`24` is not understood as the hour of `0 24 * * *`", "0 to 23"),
            ("0 6 32 * *", "`32` is not understood as the day of month of `0 6 32 * *`", "1 to 31"),
            ("0 6 * Sept *", "`Sept` is not understood as the month of `0 6 * Sept *`", "JAN to DEC"),
            ("0 6 * * Monday", "`Monday` is not understood as the day of week", "SUN to SAT"),
            ("0 6 * * 5-1", "`5-1` is not understood as the day of week", "0 (or 7) for Sunday"),
            ("0 6 */0 * *", "`*/0` is not understood as the day of month", "`*/2`"),
            ("0 6 30 2 *", "`0 6 30 2 *` never fires: no such month has such a day", "correct the day"),
        ],
    )
    def test_what_is_wrong_with_an_expression_is_told_by_field(self, expression: str, message: str, hint: str) -> None:
        place, said, how = refused({**CRON, "expression": expression})
        assert place == "trigger.expression"
        assert message in said
        assert hint in how

    @pytest.mark.parametrize(
        ("changes", "place", "message", "hint"),
        [
            (
                {"time_zone": "Europe/Berlyn"},
                "trigger.time_zone",
                "there is no time zone `Europe/Berlyn`",
                "did you mean `Europe/Berlin`?",
            ),
            ({"start_time": "tomorrow"}, "trigger.start_time", "`tomorrow` is no date", "2026-01-01T06:00:00"),
            ({"end_time": "2026-02-30"}, "trigger.end_time", "`2026-02-30` is no date", "end_time: 2026"),
            (
                {"start_time": "2026-02-01T00:00:00", "end_time": "2026-01-01T00:00:00"},
                "trigger.end_time",
                "it ends at 2026-01-01T00:00:00, before it starts at 2026-02-01T00:00:00",
                "correct one of the two",
            ),
            (
                {"start_time": "2026-01-03T00:00:00", "end_time": "2026-01-04T00:00:00"},
                "trigger",
                "this trigger never fires",
                "correct its days, months or end",
            ),
        ],
    )
    def test_other_things_that_cannot_be(self, changes: dict[str, str], place: str, message: str, hint: str) -> None:
        where, said, how = refused({**CRON, **changes})  # the third of January 2026 is a Saturday
        assert (where, message in said, hint in how) == (place, True, True), (where, said, how)

    def test_what_has_no_effect_is_a_warning(self) -> None:
        _, (first,) = read_with_problems({**DAILY, "frequency": "hour", "schedule": {"hours": [6]}})
        _, (second,) = read_with_problems({**CRON, "interval": 2})
        assert [(each.code, each.severity, each.pointer[-1]) for each in (first, second)] == [
            (Code.NO_EFFECT, Severity.WARNING, "schedule"),
            (Code.NO_EFFECT, Severity.WARNING, "interval"),
        ]

    @given(st.text(alphabet="0123456789*/,-#LW?@ SUNfeb²", max_size=30) | st.text(max_size=20))
    def test_any_expression_is_understood_or_explained(self, expression: str) -> None:
        _, problems = read_with_problems({**CRON, "expression": f"{expression} "})
        assert all(problem.message and problem.hint for problem in problems)

    @given(st.text(max_size=30), st.text(max_size=30))
    def test_any_zone_and_start_is_understood_or_explained(self, time_zone: str, start: str) -> None:
        document = {**CRON, "time_zone": time_zone or "UTC", "start_time": start}
        _, problems = read_with_problems(document)
        assert all(problem.message and problem.hint for problem in problems)


class TestEnabling:
    @pytest.mark.parametrize("written", [False, "false", "False"])
    def test_it_may_be_switched_off_in_a_way_that_azure_takes_too(self, written: object) -> None:
        assert not read(properties={"reconciler.is_enabled": written}).is_enabled
        assert read(properties={"reconciler.is_enabled": "true"}).is_enabled
        assert not read(is_enabled=False).is_enabled

    def test_anything_else_is_an_error(self) -> None:
        _, (problem,) = read_with_problems(properties={"reconciler.is_enabled": "nein"})
        assert (problem.code, problem.pointer) == (Code.INVALID_VALUE, ("properties", "reconciler.is_enabled"))


class TestJobs:
    @pytest.mark.parametrize(
        ("written", "name", "path"),
        [
            ("azureml:lending@latest", "lending", None),
            ("file:../pipelines/lending.yaml", None, "../pipelines/lending.yaml"),
            ("lending.yml", None, "lending.yml"),
        ],
    )
    def test_a_job_is_named_by_itself_or_with_overrides(self, written: str, name: str | None, path: str | None) -> None:
        for create_job in (written, {"type": "pipeline", "job": written}):
            job = read(create_job=create_job).job
            assert isinstance(job, Reference)
            assert (job.name, job.path) == (name, path)

    def test_what_is_said_otherwise_of_the_job(self) -> None:
        inputs = {
            "seed": 7,
            "day": "${{creation_context.trigger_time}}",
            "run": "nightly-${{ creation_context.trigger_time }}",
            "raw": {"type": "uri_file", "path": "azureml:loans@^1.0"},
            "old": {"type": "uri_folder", "path": "./archive/${{creation_context.trigger_time}}"},
            "value": {"type": "integer", "value": 3},
        }
        settings = {"force_rerun": True, "continue_on_step_failure": False}
        job = {"job": "./p.yaml", "inputs": inputs, "settings": settings, "experiment_name": "nightly"}
        found = read(create_job=job).overrides
        assert dict(found.inputs) == {
            "seed": Literal(7),
            "day": Literal(TRIGGER_TIME),
            "run": Literal(f"nightly-{TRIGGER_TIME}"),
            "raw": FromData(
                "uri_file",
                reference=Reference("azureml:loans@^1.0", name="loans", wanted="^1.0"),
                file="nightly.yaml",
            ),
            "old": FromData("uri_folder", path=f"./archive/{TRIGGER_TIME}", file="nightly.yaml"),
            "value": Literal(3),
        }
        assert (found.experiment, found.force_rerun, found.continue_on_step_failure) == ("nightly", True, False)

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ("${{creation_context.time}}", "`${{creation_context.time}}` cannot be filled in"),
            ("${{parent.inputs.x}}", "the input `day` of a schedule is bound to something inside of its job"),
            ("${{nothing}}", "`${{nothing}}` is bound to nothing"),
        ],
    )
    def test_an_input_that_nothing_fills_in_is_an_error(self, given: str, message: str) -> None:
        _, (problem,) = read_with_problems(create_job={"job": "./p.yaml", "inputs": {"day": given}})
        assert (problem.pointer, problem.message) == (("create_job", "inputs", "day"), message)

    @pytest.mark.parametrize("place", [(), ("job",)])
    def test_a_pipeline_may_stand_inside(self, place: tuple[str, ...]) -> None:
        document = {**INLINE, "inputs": {"day": TRIGGER_TIME, "seed": 7}}
        found = read(create_job={"job": document} if place else document)
        assert isinstance(found.job, Pipeline)
        assert (found.job.experiment, found.job.place) == ("nightly", ("create_job", *place))
        assert [(each.name, each.value) for each in found.job.inputs] == [("day", None), ("seed", Literal(7))]
        assert found.overrides == Overrides(inputs=(("day", Literal(TRIGGER_TIME)),))

    @pytest.mark.parametrize(
        "document",
        [
            {"type": "command", "command": "true", "environment": {"image": "python"}},
            {"command": "true", "environment": "azureml:sklearn@latest"},
        ],
    )
    def test_a_command_may_stand_inside(self, document: dict[str, Any]) -> None:
        job = read(create_job=document).job
        assert isinstance(job, Pipeline)
        assert len(job.jobs) == 1

    def test_problems_of_a_job_inside_are_told_at_their_place(self) -> None:
        wrong = {"type": "pipeline", "jobs": {"greet": 7}}
        found, (problem,) = read_with_problems(create_job={"job": wrong})
        assert found.job is None
        assert problem.pointer == ("create_job", "job", "jobs", "greet")

    def test_jobs_that_cannot_run_here_are_refused_by_name(self) -> None:
        found, (problem,) = read_with_problems(create_job={"type": "spark", "job": "./spark.yaml"})
        assert (problem.code, problem.severity) == (Code.UNSUPPORTED_KIND, Severity.WARNING)
        assert problem.message == "spark jobs are not supported: this schedule does not fire"
        assert found.unsupported == "spark jobs are not supported"

    def test_an_unknown_key_is_told_with_the_nearest(self) -> None:
        _, (problem,) = read_with_problems(create_job={"job": "./p.yaml", "experiment": "nightly"})
        assert (problem.code, problem.severity) == (Code.UNKNOWN_PROPERTY, Severity.WARNING)
        assert problem.hint == "did you mean `experiment_name`?"

    def test_a_job_that_is_named_twice_is_told(self) -> None:
        _, (problem,) = read_with_problems(create_job={**INLINE, "job": "./p.yaml"})
        assert problem.pointer == ("create_job", "jobs")
        assert problem.hint == "take out `job:`, or this"


class TestSchema:
    @pytest.mark.parametrize(
        ("trigger", "hint"),
        [
            ({**DAILY, "frequency": "daily"}, "did you mean `day`?"),
            ({**DAILY, "schedule": {"week_days": ["mondy"]}}, "did you mean `monday`?"),
            ({**DAILY, "schedule": {"week_days": "mondy"}}, "did you mean `monday`?"),
            ({"type": "crown", "expression": "* * * * *"}, "did you mean `cron`?"),
            ({"type": "cron"}, 'add `expression: "30 6 * * 1-5"`'),
            ({"type": "recurrence", "frequency": "day"}, "add `interval: 1`"),
            ({**DAILY, "intervall": 2}, "did you mean `interval`?"),
        ],
    )
    def test_misspelt_words_are_told_with_the_nearest(self, trigger: dict[str, Any], hint: str) -> None:
        problems = check("schedule", {"trigger": trigger, "create_job": "./p.yaml"}, "a.yaml")
        assert hint in [problem.hint for problem in problems]

    @pytest.mark.parametrize(
        "pattern", [{"hours": [24]}, {"hours": 24}, {"minutes": [60]}, {"month_days": [32]}, {"month_days": 0}]
    )
    def test_times_that_no_day_has_are_errors(self, pattern: dict[str, Any]) -> None:
        document = {"trigger": {**DAILY, "schedule": pattern}, "create_job": "./p.yaml"}
        assert [problem.is_error for problem in check("schedule", document, "a.yaml")] == [True]


AS_AZURE_HAS_IT = """
$schema: https://azuremlschemas.azureedge.net/latest/Schedule.json
name: nightly
trigger:
  type: recurrence
  frequency: day #can be minute, hour, day, week, month
  interval: 1 #every day
  schedule:
    hours: [4,5,10,11,12]
    minutes: [0,30]
  start_time: 2022-07-10T10:00:00 # optional - default will be schedule creation time
  time_zone: "Pacific Standard Time" # optional - default will be UTC
create_job:
  type: pipeline
  job: ./lending.yaml
  experiment_name: nightly
  settings: {default_compute: azureml:cpu-cluster}
"""


def test_a_schedule_as_people_write_it_is_found_in_a_repository(
    check_files: Callable[[Mapping[str, str]], Checked],
) -> None:
    checked = check_files({"lending.yaml": yaml.safe_dump({**INLINE, "name": "lending"}), "s.yml": AS_AZURE_HAS_IT})
    (found,) = checked.desired.schedules
    assert checked.problems == ()
    assert found.trigger.time_zone == "America/Los_Angeles"
    assert found.trigger.start == "2022-07-10T10:00:00"
