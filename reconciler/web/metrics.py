"""Metrics as Prometheus reads them; most are read off the state when they are asked for."""

from __future__ import annotations

import platform
import threading
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, Depends, Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.responses import Response

from reconciler.cli.verbs_state import all_resources
from reconciler.model.status import ConditionType, Resource
from reconciler.state.figures import Figures
from reconciler.web.access import viewer
from reconciler.web.cache_size import CacheSize
from reconciler.web.place import Place
from reconciler.web.turns import Durations

routes = APIRouter(tags=["health"])
MOST_RESOURCES = 2_000
MOST_PIPELINES = 1_000
_OTHERS = "(others)"
_SETTLED_SECONDS = 1.0  # by then, what ended is written
_STEP_BUCKETS = (0.1, 1.0, 10.0, 60.0, 300.0, 1_800.0, 7_200.0, 28_800.0)
_RUN, _REUSE = "run", "reuse"
_DRIFTED = "Drifted"


@routes.get("/metrics", summary="Metrics", response_class=Response, dependencies=[Depends(viewer)])
def metrics(request: Request) -> Response:
    """Metrics in the text format of Prometheus; a viewer's token is needed where any is configured."""
    known: Metrics = request.app.state.metrics
    return Response(known.text(), media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


class Metrics(Collector):
    """Collects them; runs and steps are counted from the moment at which this was made."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._figures = Figures(place.state.database)
        self._cache = CacheSize(place.state.folder.outputs, place.is_over)
        self._lock = threading.Lock()
        self._counted = place.clock() - _SETTLED_SECONDS
        self._runs: dict[tuple[str, str], int] = {}
        self._steps = {_RUN: Durations(_STEP_BUCKETS), _REUSE: Durations(_STEP_BUCKETS)}
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def text(self) -> bytes:
        """All of them, one asker at a time."""
        with self._lock:
            return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        self._count()
        resources = all_resources(self._place.state)
        yield self._build()
        yield from self._turns()
        yield from _conditions(resources)
        yield self._step_seconds()
        yield from self._run_counts()
        yield from self._backlog()
        if (size := self._cache.bytes) is not None:
            yield GaugeMetricFamily("reconciler_cache_bytes", "Bytes of kept outputs, measured now and then.", size)

    def describe(self) -> Iterable[Metric]:
        return ()

    def _count(self) -> None:
        """Add what ended since the last time."""
        until = self._place.clock() - _SETTLED_SECONDS
        after, self._counted = self._counted, until
        for pipeline, status, number in self._figures.ended_runs(after, until):
            pipelines = {known for known, _ in self._runs}
            known = pipeline if pipeline in pipelines or len(pipelines) < MOST_PIPELINES else _OTHERS
            self._runs[known, status] = self._runs.get((known, status), 0) + number
        for seconds in self._figures.executed_steps(after, until):
            self._steps[_RUN].add(seconds)
        for seconds in self._figures.reused_steps(after, until):
            self._steps[_REUSE].add(seconds)

    def _build(self) -> Metric:
        family = GaugeMetricFamily("reconciler_build_info", "What runs here.", labels=("version", "python"))
        family.add_metric((_version(), platform.python_version()), 1)
        return family

    def _turns(self) -> Iterator[Metric]:
        loops, turns = self._place.loops, self._place.turns
        seconds = HistogramMetricFamily(
            "reconciler_reconcile_duration_seconds", "How long it took to look at a source.", labels=("source",)
        )
        for source, durations in turns.durations(loops.settings).items():
            seconds.add_metric((source,), durations.buckets, durations.sum)
        yield seconds
        queued = GaugeMetricFamily(
            "reconciler_queue_depth", "What waits for the next look at a source.", labels=("source",)
        )
        for source, number in loops.queued.items():
            queued.add_metric((source,), number)
        yield queued

    def _step_seconds(self) -> Metric:
        family = HistogramMetricFamily(
            "reconciler_step_seconds",
            "How long steps took, or would have taken where their result was reused.",
            labels=("result",),
        )
        for result, durations in self._steps.items():
            family.add_metric((result,), durations.buckets, durations.sum)
        return family

    def _run_counts(self) -> Iterator[Metric]:
        ended = CounterMetricFamily(
            "reconciler_runs", "Runs that ended since the daemon began.", labels=("pipeline", "status")
        )
        for (pipeline, status), number in self._runs.items():
            ended.add_metric((pipeline, status), number)
        yield ended
        running = len(self._place.state.runs.running())
        yield GaugeMetricFamily("reconciler_runs_under_way", "Runs that are under way.", running)

    def _backlog(self) -> Iterator[Metric]:
        backlog = self._place.state.settings.backlog
        waiting = "Records that wait for MLflow, which is away."
        yield GaugeMetricFamily("reconciler_records_waiting", waiting, backlog.number if backlog else 0)
        seconds = max(0.0, self._place.clock() - backlog.since) if backlog else 0
        yield GaugeMetricFamily("reconciler_mlflow_away_seconds", "For how long MLflow has not answered.", seconds)


def _conditions(resources: Sequence[Resource]) -> Iterator[Metric]:
    """How resources stand; where there are too many, those that are not ready come first."""
    chosen = sorted(resources, key=lambda each: (_is(each, ConditionType.READY), _rank(each)))[:MOST_RESOURCES]
    family = GaugeMetricFamily(
        "reconciler_resource_condition",
        "Whether a condition of a resource holds.",
        labels=("source", "kind", "name", "type"),
    )
    for each in chosen:
        for condition in ConditionType:
            family.add_metric((each.source, str(each.kind), each.name, condition), _is(each, condition))
    yield family
    yield GaugeMetricFamily(
        "reconciler_resources_left_out",
        "Resources of which no condition is told, as there are too many.",
        len(resources) - len(chosen),
    )
    yield from _counts(resources)


def _counts(resources: Sequence[Resource]) -> Iterator[Metric]:
    numbers: dict[tuple[str, str], int] = {}
    drifted = {each.source: 0 for each in resources}
    suspended = dict(drifted)
    for each in resources:
        key = (each.source, str(each.kind))
        numbers[key] = numbers.get(key, 0) + 1
        drifted[each.source] += any(condition.reason == _DRIFTED for condition in each.conditions)
        suspended[each.source] += each.is_suspended
    family = GaugeMetricFamily("reconciler_resources", "Resources that there are.", labels=("source", "kind"))
    for key, number in numbers.items():
        family.add_metric(key, number)
    yield family
    for name, told, counted in (
        ("reconciler_drift_found", "Resources that differ from what was applied.", drifted),
        ("reconciler_suspended", "Resources that are held still.", suspended),
    ):
        family = GaugeMetricFamily(name, told, labels=("source",))
        for source, number in counted.items():
            family.add_metric((source,), number)
        yield family


def _is(resource: Resource, wanted: ConditionType) -> bool:
    found = resource.condition(wanted)
    return found is not None and found.status


def _rank(resource: Resource) -> int:
    """What people watch first."""
    kinds = ("source", "pipeline", "schedule")
    return kinds.index(resource.kind) if resource.kind in kinds else len(kinds)


def _version() -> str:
    try:
        return version("reconciler")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "unknown"
