"""From a ref to a plan, as the daemon does it: cold, after one change, and where nothing changed."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator
from pathlib import Path

from benchmarks.followed import Followed
from benchmarks.measure import Measure, median_ms, once_ms
from benchmarks.repository import Repository

_CHANGES = 9


def measure_planning(repository: Repository, folder: Path) -> Iterator[Measure]:
    """Plan a repository; its state is left as if every step had succeeded."""
    size = repository.size
    followed = Followed(repository, folder)
    try:
        cold = once_ms(followed.plan)
        yield Measure("cold load and plan", size, cold, "ms", 5000 if size == 10_000 else None)
        followed.settle(followed.plan())
        followed.plan()
        times = []
        for count in itertools.islice(itertools.count(1), _CHANGES):
            repository.change(count * 37 % size, str(count))
            times.append(once_ms(followed.plan))
        target = 100 if size == 10_000 else None
        yield Measure("one changed manifest, from ref to plan", size, statistics.median(times), "ms", target)
        yield Measure("unchanged HEAD", size, median_ms(followed.mirror.remote_head, 21), "ms", 20)
        followed.settle(followed.plan())
    finally:
        followed.close()
