"""What a containerised step costs beside `docker run`, both on the same engine and in turn."""

from __future__ import annotations

import os
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks.followed import Followed
from benchmarks.measure import Measure, once_ms
from benchmarks.repository import Repository
from benchmarks.steps import run_all
from reconciler.cli.site_factory import SiteOptions, make_site
from reconciler.containers.find import find_engine
from reconciler.execution.origin import Origin
from reconciler.state.folder import StateFolder

_STEPS, _ROUNDS = 10, 5
_ENVIRONMENT = """\
$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json
name: plain
version: 1.0.0
image: {image}
"""


def measure_containers(folder: Path, image: str) -> Iterator[Measure]:
    """A chain of ten steps, one at a time, against as many `docker run --rm IMAGE true`; nothing without an engine."""
    found = find_engine("", os.environ)
    if not found.answers:
        return
    repository = Repository(folder / "contained", _STEPS)
    repository.create(_ENVIRONMENT.format(image=image))
    StateFolder(folder / "contained-state").prepare()
    followed = Followed(repository, folder / "contained-state")
    site = make_site(followed.state, SiteOptions("docker", "none"))
    command = ["docker", "--host", found.host, "run", "--rm", image, "true"]
    try:
        planned = followed.plan()
        for graph in planned.graphs:
            for step in graph.steps:
                site.environments.location(step.environment, followed.mirror.objects, Origin()).result()
        ours, theirs = [], []
        for number in range(_ROUNDS):
            theirs.append(once_ms(lambda: [subprocess.run(command, check=True) for _ in range(_STEPS)]) / _STEPS)
            repository.change_all(str(number + 1))
            planned = followed.plan()
            ours.append(once_ms(lambda planned=planned: run_all(site, followed, planned)) / _STEPS)  # type: ignore[misc]
        pairs = [mine / docker for mine, docker in zip(ours, theirs, strict=True)]
        yield Measure("`docker run --rm IMAGE true`", _STEPS, statistics.median(theirs), "ms")
        yield Measure("a step in a container", _STEPS, statistics.median(ours), "ms")
        yield Measure("a step in a container, in `docker run`s", _STEPS, statistics.median(pairs), "×", 1.3)
    finally:
        site.close()
        followed.close()
