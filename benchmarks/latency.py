"""How long it takes from a push to the start of the first step that it asks for, as a distribution."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import statistics
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Measure
from benchmarks.running_daemon import RunningDaemon, is_at_rest
from benchmarks.small import SmallRepository
from reconciler.model.runs import StepStatus
from reconciler.state.store import State
from tests.source.git_over_http import serving

_TARGET_MS = 1000
_WARM_UP = 3
_LISTENING = re.compile(r"listening at http://127\.0\.0\.1:(\d+)")
_VARIABLE = "BENCH_HOOK_SECRET"
_SECRET = "a secret of both"  # noqa: S105 - of a forge that is played here


@dataclass(frozen=True, slots=True)
class Latency:
    """Of one push, milliseconds: since `git push` or `git commit` was called, and since it returned."""

    since_call: float
    since_return: float


def measure_latency(folder: Path, pushes: int) -> Iterator[Measure]:
    """Push so many times, each once all is at rest, to each kind of source."""
    for what, measure in (
        ("commit in a followed work tree", _of_commits),
        ("push to a followed path", _of_pushes),
        ("push and webhook, remote over HTTP", _of_webhooks),
    ):
        measured = measure(folder / measure.__name__, pushes)
        yield from _distribution(f"{what}, since it returned", [each.since_return for each in measured], _TARGET_MS)
        yield from _distribution(f"{what}, git's own time included", [each.since_call for each in measured])


def _distribution(what: str, values: Sequence[float], target: float | None = None) -> Iterator[Measure]:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    for name, value in (("p50", cuts[49]), ("p90", cuts[89]), ("p99", cuts[98]), ("max", max(values))):
        yield Measure(f"{what}: {name}", len(values), value, "ms", target)


def _of_commits(folder: Path, pushes: int) -> list[Latency]:
    repository = SmallRepository(folder)
    with RunningDaemon(folder, "--source", str(repository.work_tree), "--interval", "3600") as daemon:
        return _measured(daemon, repository, pushes, lambda: repository.change("code"), is_pushed=False)


def _of_pushes(folder: Path, pushes: int) -> list[Latency]:
    repository = SmallRepository(folder)
    with RunningDaemon(folder, "--source", str(repository.origin), "--interval", "3600") as daemon:
        return _measured(daemon, repository, pushes, repository.push)


def _of_webhooks(folder: Path, pushes: int) -> list[Latency]:
    repository = SmallRepository(folder)
    with ExitStack() as stack:
        url = f"http://{stack.enter_context(serving(folder))}/{repository.origin.name}"
        configuration = folder / "reconciler.yaml"
        configuration.write_text(json.dumps(_configuration(url)), encoding="utf-8")
        daemon = stack.enter_context(
            RunningDaemon(folder, "--config", str(configuration), variables={_VARIABLE: _SECRET})
        )
        daemon.until(lambda: _LISTENING.search(daemon.log.read_text(encoding="utf-8")))
        found = _LISTENING.search(daemon.log.read_text(encoding="utf-8"))
        port = int(found[1]) if found else 0
        return _measured(daemon, repository, pushes, repository.push, lambda: _deliver(port, repository.head()))


def _configuration(url: str) -> dict[str, object]:
    return {
        "sources": [{"name": "main", "url": url, "branch": "main", "interval": "1h"}],
        "http": {"listen": "127.0.0.1:0"},
        "hooks": {"main": {"type": "github", "secret": {"env": _VARIABLE}}},
    }


def _deliver(port: int, commit: str) -> None:
    """What a forge does as soon as it has taken a push."""
    body = json.dumps({"ref": "refs/heads/main", "after": commit}).encode()
    signature = hmac.new(_SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": str(uuid.uuid4()),
        "X-Hub-Signature-256": f"sha256={signature}",
    }
    request = urllib.request.Request(f"http://127.0.0.1:{port}/hooks/main", body, headers)
    with urllib.request.urlopen(request) as answered:  # noqa: S310
        answered.read()


def _measured(
    daemon: RunningDaemon,
    repository: SmallRepository,
    pushes: int,
    push: Callable[[], None],
    then: Callable[[], None] = lambda: None,
    is_pushed: bool = True,
) -> list[Latency]:
    """Measure pushes of other code, the first few of which do not count.

    Args:
        then: done as soon as a push has returned.
        is_pushed: whether the commit is made before, and only pushed while the time counts.
    """
    state, found = daemon.state(), []
    try:
        daemon.until(lambda: is_at_rest(state, repository.head()))
        for _ in range(_WARM_UP + pushes):
            if is_pushed:
                repository.change("code")
            began = time.time()
            push()
            returned = time.time()
            then()
            commit = repository.head()
            daemon.until(lambda: is_at_rest(state, commit))  # noqa: B023 - called at once
            started = _first_start(state, commit)
            found.append(Latency((started - began) * 1000, (started - returned) * 1000))
    finally:
        state.close()
    return found[_WARM_UP:]


def _first_start(state: State, commit: str) -> float:
    """When the first step of a revision began, as that step says itself."""
    logs = [
        Path(step.log)
        for run in state.runs.recent(limit=10)
        if run.revision.endswith(commit)
        for step in state.runs.steps(run.id)
        if step.status is StepStatus.SUCCEEDED
    ]
    return min(float(log.read_text(encoding="utf-8").split()[1]) for log in logs)
