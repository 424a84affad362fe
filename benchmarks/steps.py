"""What a step costs beyond the process that it is: executed for real, then reused."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.followed import Followed
from benchmarks.measure import Measure, median_ms, once_ms
from benchmarks.repository import Repository
from reconciler.cli.site_factory import SiteOptions, make_site
from reconciler.daemon.planner import Planned
from reconciler.execution.carry_out import Order, new_run
from reconciler.execution.origin import Origin
from reconciler.execution.site import Site
from reconciler.planning.diff import plan_pipeline
from reconciler.state.folder import StateFolder

_SHELL = ["sh", "-c", "echo 1 0.1 > /dev/null"]


def measure_steps(repository: Repository, folder: Path, tracking: str | None) -> Iterator[Measure]:
    """Run every pipeline of a repository one step at a time, then once more with every step reused."""
    StateFolder(folder).prepare()
    followed = Followed(repository, folder)
    site = make_site(followed.state, SiteOptions("process", tracking))
    label = "with MLflow on SQLite" if tracking is None else "without tracking"
    try:
        planned = followed.plan()
        specs = {step.environment.digest: step.environment for graph in planned.graphs for step in graph.steps}
        for spec in specs.values():
            site.environments.location(spec, followed.mirror.objects, Origin()).result()
        site.tracking.variables(None, "default")  # MLflow's worker starts once in the life of a daemon
        process = median_ms(lambda: subprocess.run(_SHELL, check=True, start_new_session=True), 51)
        count = sum(len(graph.steps) for graph in planned.graphs)
        executed = once_ms(lambda: run_all(site, followed, planned)) / count - process
        yield Measure(f"overhead of a step, {label}", repository.size, executed, "ms", 30)
        reused = once_ms(lambda: run_all(site, followed, planned)) / count
        # What a run costs by itself is spread over its steps: with ten of them it is most of the figure.
        is_promised = tracking == "none" and repository.size >= 100
        yield Measure(f"a reused step, {label}", repository.size, reused, "ms", 0.2 if is_promised else None)
    finally:
        site.close()
        followed.close()


def run_all(site: Site, followed: Followed, planned: Planned) -> None:
    actual = followed.planner.actual("main", planned.graphs, is_forced=True)
    order = Order("main", planned.desired.snapshot.revision, "bench", Origin())
    for graph in planned.graphs:
        plan = plan_pipeline(graph, actual, is_forced=True)
        ended = new_run(site, plan, actual, followed.mirror.objects, order).go()
        assert ended.status.is_good, ended.error


def machine() -> str:
    """What this was measured on."""
    with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
    busy = os.getloadavg()[0]
    return f"{os.cpu_count()} × {model}, load {busy:.1f}, {time.strftime('%Y-%m-%d')}"
