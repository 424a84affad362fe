"""A daemon that is pushed to for half an hour: nothing grows, nothing is left over, and every push is seen to."""

from __future__ import annotations

import json
import random
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from benchmarks.measure import Measure
from benchmarks.running_daemon import RunningDaemon, is_at_rest
from benchmarks.small import KINDS, SmallRepository
from benchmarks.vital_figures import Figurer, Figures, left_over
from reconciler.state.history import APPLIED, REFUSED
from reconciler.state.store import State

_SEED = 6
_ROWS = 12
_MEGABYTE = 2**20
_WARM_UP_PART = 0.3  # of the time, in which caches fill
_MOST_GROWTH_PERCENT = 5.0  # of memory, from the end of the warm-up to the end
_UNUSUAL = ("error", "critical")


def measure_soak(folder: Path, minutes: float, pushes: int) -> Iterator[Measure]:
    """Push so many times within so many minutes, and look at the daemon all the while."""
    repository = SmallRepository(folder)
    with RunningDaemon(folder, "--source", f"file://{repository.origin}", "--interval", "10") as daemon:
        state = daemon.state()
        try:
            daemon.until(lambda: is_at_rest(state, repository.head()))
            watch = _Watch(Figurer(daemon.process.pid, daemon.state_folder), state, max(1.0, minutes * 60 / 360))
            with watch:
                wrong = list(_push_all(repository, daemon, state, minutes * 60 / pushes, pushes))
            kept = _runs_that_ended_badly(state)
        finally:
            state.close()
        code = daemon.end()
    print(_table(watch.figures))
    for trouble in (*wrong, *kept):
        print(trouble)
    yield Measure("pushes that did not come to what they should", pushes, len(wrong), "", 0)
    yield Measure("runs that did not end well", pushes, len(kept), "", 0)
    yield from _verdict(watch.figures, pushes)
    left = [*left_over(daemon.state_folder), *left_over(repository.origin)]
    unusual = _unusual_lines(daemon.log)
    print("\n".join([*left, *unusual]))
    yield Measure("exit status after SIGTERM", pushes, code, "", 0)
    yield Measure("processes left after SIGTERM", pushes, len(left), "", 0)
    yield Measure("errors in the log besides refusals", pushes, len(unusual), "", 0)


def _push_all(
    repository: SmallRepository, daemon: RunningDaemon, state: State, pause_seconds: float, pushes: int
) -> Iterator[str]:
    """Push, a while between two; gives what did not come to what it should have."""
    draw = random.Random(_SEED)
    applied, is_bad = repository.head(), False
    for number in range(pushes):
        due = time.monotonic() + pause_seconds
        kind = "mended" if is_bad else draw.choice(KINDS)
        repository.change(kind)
        repository.push()
        commit, is_bad = repository.head(), kind == "bad"
        daemon.until(lambda: is_at_rest(state, commit), 0.1)  # noqa: B023 - called at once
        applied = applied if is_bad else commit
        source = state.sources.get("main")
        outcomes = {each.revision: each.outcome for each in state.history.revisions("main")}
        outcome = next((said for revision, said in outcomes.items() if revision.endswith(commit)), "")
        if outcome != (REFUSED if is_bad else APPLIED):
            yield f"push {number} ({kind}) of {commit} was {outcome or 'not seen to'}"
        if source is None or source.applied_commit != applied:
            yield f"after push {number} ({kind}) another commit is applied than {applied}"
        time.sleep(max(0.0, due - time.monotonic()))


class _Watch:
    """Takes samples in a thread of its own, as long as the block lasts that it stands in."""

    def __init__(self, figurer: Figurer, state: State, pause_seconds: float) -> None:
        self.figures: list[Figures] = []
        self._figurer = figurer
        self._state = state
        self._pause = pause_seconds
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._go, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _go(self) -> None:
        while not self._is_over.wait(self._pause):
            before = self._state.runs.running()
            figures = self._figurer.take(is_at_rest=not before)
            if bool(before) == bool(self._state.runs.running()):
                self.figures.append(figures)


def _verdict(figures: Sequence[Figures], pushes: int) -> Iterator[Measure]:
    """What grew between the end of the warm-up and the end, of samples that were taken at rest."""
    rest = [each for each in figures if each.is_at_rest]
    warm = rest[int(len(rest) * _WARM_UP_PART) :]
    fifth = max(1, len(warm) // 5)
    first, last = warm[:fifth], warm[-fifth:]
    for what, name in (("the daemon", "memory"), ("the processes below it", "memory_below")):
        before, after = _median(first, name), _median(last, name)
        growth = 100 * (after - before) / before if before else 0.0
        yield Measure(f"memory of {what} after the warm-up", pushes, before / _MEGABYTE, "MB")
        yield Measure("growth of it from there to the end", pushes, growth, "%", _MOST_GROWTH_PERCENT)
    for what, name in (("open files", "files"), ("threads", "threads"), ("processes", "processes")):
        yield Measure(f"{what} at rest", pushes, _median(warm, name), "")
        more = _median(last, name) - _median(first, name)
        yield Measure(f"{what} more at the end than after the warm-up", pushes, more, "", 0)
    lasting = max(len(one.zombies & other.zombies) for one, other in pairwise(figures))
    yield Measure("zombies that last from one sample to the next", pushes, lasting, "", 0)
    yield Measure("write-ahead logs, the most", pushes, max(each.write_ahead for each in figures) / _MEGABYTE, "MB", 32)
    growth = (figures[-1].state - figures[0].state) / _MEGABYTE
    yield Measure("state folder, growth for each push", pushes, 1024 * growth / pushes, "KB")


def _median(figures: Sequence[Figures], name: str) -> float:
    return float(statistics.median(getattr(each, name) for each in figures))


def _runs_that_ended_badly(state: State) -> list[str]:
    runs = state.runs.recent(limit=100_000)
    return [f"{run.id} {run.status}: {run.error}" for run in runs if not run.status.is_good]


def _unusual_lines(log: Path) -> list[str]:
    """What the log says as an error, but for refusals of what was pushed so, and all that is no line of it."""
    found = []
    for line in log.read_text(encoding="utf-8").splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            found.append(line)
            continue
        told = str(said.get("event", said.get("message", "")))
        if said.get("level") in _UNUSUAL and not told.startswith("refused "):
            found.append(line)
    return found


def _table(figures: Sequence[Figures]) -> str:
    """Some of the samples, those that were taken at rest."""
    rest = [each for each in figures if each.is_at_rest] or list(figures)
    chosen = [rest[round(index * (len(rest) - 1) / (_ROWS - 1))] for index in range(_ROWS)]
    head = ("minute", "MB", "MB below", "files", "threads", "processes", "state MB", "WAL KB")
    rows = [
        (
            f"{each.moment / 60:.1f}",
            f"{each.memory / _MEGABYTE:.1f}",
            f"{each.memory_below / _MEGABYTE:.1f}",
            str(each.files),
            str(each.threads),
            str(each.processes),
            f"{each.state / _MEGABYTE:.1f}",
            f"{each.write_ahead / 1024:.0f}",
        )
        for each in chosen
    ]
    return "\n".join("".join(f"{field:>10}" for field in row) for row in (head, *rows))
