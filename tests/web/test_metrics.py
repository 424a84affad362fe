"""Metrics: counted once, and never too many of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from reconciler.daemon.outcome import Outcome
from reconciler.model.http import HttpSettings
from reconciler.model.manifests import Kind
from reconciler.model.runs import Run, RunStatus
from reconciler.model.status import Resource, ready, stalled
from reconciler.state.folder import StateFolder
from reconciler.state.store import State
from reconciler.web import metrics as subject
from reconciler.web.metrics import Metrics
from reconciler.web.place import Place
from reconciler.web.turns import Turns

from .serving import Loops

Sample = tuple[str, tuple[str, ...]]


class Scraped:
    """Metrics of a state, whose clock a test sets."""

    def __init__(self, folder: Path) -> None:
        self.state = State(StateFolder(folder))
        self.now = 1000.0
        self.turns = Turns()
        self.loops = Loops()
        self._metrics = Metrics(Place(self.state, self.loops, self.turns, HttpSettings(), clock=lambda: self.now))

    def look(self) -> dict[Sample, float]:
        """The samples by name and the values of their labels."""
        families = text_string_to_metric_families(self._metrics.text().decode())
        return {
            (each.name, tuple(value for _, value in sorted(each.labels.items()))): each.value
            for family in families
            for each in family.samples
        }

    def ran(self, pipeline: str, ended: float) -> None:
        run = Run("", pipeline, "main", "main@sha1:1", "c", RunStatus.SUCCEEDED, "push", ended - 1, ended)
        self.state.runs.start(run)


@pytest.fixture
def scraped(tmp_path: Path) -> Iterator[Scraped]:
    scraped = Scraped(tmp_path / "state")
    yield scraped
    scraped.state.close()


def test_a_run_is_counted_once_however_often_somebody_looks(scraped: Scraped) -> None:
    scraped.ran("greet", ended=990.0)  # before the daemon began
    scraped.ran("greet", ended=1001.0)
    scraped.now = 1010.0
    assert [scraped.look()["reconciler_runs_total", ("greet", "succeeded")] for _ in range(2)] == [1, 1]
    scraped.ran("greet", ended=1009.5)  # which was still to be settled then
    scraped.now = 1020.0
    assert scraped.look()["reconciler_runs_total", ("greet", "succeeded")] == 2


def test_pipelines_beyond_a_number_are_counted_together(scraped: Scraped, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "MOST_PIPELINES", 2)
    for name in ("a", "b", "c", "d"):
        scraped.ran(name, ended=1001.0)
    scraped.now = 1010.0
    counted = {labels[0]: value for (name, labels), value in scraped.look().items() if name == "reconciler_runs_total"}
    assert counted == {"a": 1, "b": 1, "(others)": 2}


def test_of_too_many_resources_those_in_trouble_are_told(scraped: Scraped, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "MOST_RESOURCES", 2)
    resources = [Resource(Kind.DATA, f"data{number}", "1", "main", "", ready("Applied", "")) for number in range(5)]
    resources.append(Resource(Kind.COMPONENT, "broken", "1", "main", "", stalled("VersionMutated", "")))
    resources.append(Resource(Kind.PIPELINE, "greet", None, "main", "", ready("RunSucceeded", "")))
    scraped.state.sources.save_resources("main", resources, 1.0)
    told = scraped.look()
    named = {labels[1] for name, labels in told if name == "reconciler_resource_condition"}
    assert named == {"broken", "greet"}
    assert told["reconciler_resource_condition", ("component", "broken", "main", "Stalled")] == 1
    assert told["reconciler_resources_left_out", ()] == 5
    assert told["reconciler_resources", ("data", "main")] == 5


def test_looks_at_a_source_are_counted_by_how_long_they_took(scraped: Scraped) -> None:
    for seconds in (0.02, 2.0, 1000.0):
        scraped.turns.note("main", Outcome(seconds=seconds))
    scraped.turns.note("gone", Outcome(seconds=1.0))
    told = scraped.look()
    name = "reconciler_reconcile_duration_seconds"
    counted = [told[f"{name}_bucket", (bound, "main")] for bound in ("0.01", "0.05", "5.0", "+Inf")]
    assert counted == [0, 1, 2, 3]
    assert told[f"{name}_sum", ("main",)] == pytest.approx(1002.02)
    assert (f"{name}_sum", ("gone",)) not in told


def test_what_waits_is_told(scraped: Scraped) -> None:
    scraped.loops.queued = {"main": 3}
    assert scraped.look()["reconciler_queue_depth", ("main",)] == 3


def test_drift_is_counted(scraped: Scraped) -> None:
    drifted = Resource(Kind.PIPELINE, "greet", None, "main", "", stalled("Drifted", "an output is gone"))
    scraped.state.sources.save_resources("main", [drifted], 1.0)
    assert scraped.look()["reconciler_drift_found", ("main",)] == 1


def test_names_that_need_it_are_escaped(scraped: Scraped) -> None:
    odd = Resource(Kind.DATA, 'a"b\\c\nd', "1", "main", "", ready("Applied", ""))
    scraped.state.sources.save_resources("main", [odd], 1.0)
    assert ("reconciler_resource_condition", ("data", 'a"b\\c\nd', "main", "Ready")) in scraped.look()
