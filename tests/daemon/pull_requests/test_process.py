"""A daemon as a process reviews, previews and sums up a pull request that its forge tells of by webhooks."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.forges.kinds import ForgeKind
from reconciler.model.http import Forge
from reconciler.model.runs import StepStatus
from reconciler.state.folder import StateFolder
from reconciler.state.store import State
from tests.daemon.daemon_process import DaemonProcess, statuses, until
from tests.daemon.origin import Origin, pipeline
from tests.daemon.proposing import merge, propose
from tests.forges.conftest import Place, place_for
from tests.forges.hosted import BOT, REPOSITORY, Pull
from tests.forges.serving import TOKEN, serving
from tests.web.fake_forge import SECRET, Delivery, push, review

NUMBER = 12


@pytest.fixture
def place() -> Iterator[Place]:
    here = place_for(ForgeKind.GITHUB)
    here.hosted.pulls.clear()
    with serving(here.served):
        yield here


@pytest.fixture
def configuration(tmp_path: Path, origin: Origin, place: Place, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FORGE_TOKEN", TOKEN)
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    reviews = {
        "forge": "github",
        "api": place.served.api,
        "repository": REPOSITORY,
        "token": {"env": "FORGE_TOKEN"},
        "poll": "1h",
        "previews": {"label": "reconciler/run"},
    }
    told = {
        "sources": [{"name": "loans", "url": str(origin.url), "pull_requests": reviews}],
        "http": {"listen": "127.0.0.1:0"},
        "hooks": {"loans": {"type": "github", "secret": {"env": "HOOK_SECRET"}}},
    }
    file = tmp_path / "config.yaml"
    file.write_text(json.dumps(told), encoding="utf-8")
    return file


def deliver(daemon: DaemonProcess, delivery: Delivery) -> None:
    daemon.until_said("listening at", 60)
    found = re.search(r"listening at (http://\S+)", daemon.said)
    assert found is not None
    request = urllib.request.Request(f"{found[1]}/hooks/loans", delivery.body, dict(delivery.headers))  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        assert json.load(answer)["result"] == "looking"


def told(place: Place) -> str:
    return "\n\n".join(note.body for note in place.hosted.of(NUMBER) if note.author == BOT)


def test_from_the_first_look_to_the_merge_that_trains_nothing(
    tmp_path: Path, origin: Origin, place: Place, configuration: Path
) -> None:
    state = tmp_path / "state"
    origin.push({"greet.yaml": pipeline("true", "true")})
    with DaemonProcess(None, state, "--config", str(configuration)) as daemon:
        until(lambda: [each.is_good for each in statuses(state)] == [True])
        head = propose(origin, NUMBER, {"greet.yaml": pipeline("env", "echo changed")}).commit
        place.hosted.add(Pull(NUMBER, head_commit=head, labels=("reconciler/run",)))
        deliver(daemon, review(Forge.GITHUB, "pull_request"))
        until(lambda: "#### `greet` **succeeded**" in told(place))
        until(lambda: (head, "reconciler/greet") in place.hosted.statuses)

        commit = merge(origin, NUMBER)
        place.hosted.add(replace(place.hosted.pulls[NUMBER], state="merged", merge_commit=commit))
        deliver(daemon, push(Forge.GITHUB))
        deliver(daemon, review(Forge.GITHUB, "pull_request"))
        until(lambda: "### Merged: 1 run" in told(place))
        assert "0 steps ran, 2 reused" in told(place)
        said = daemon.end().said
    assert TOKEN not in said
    opened = State(StateFolder(state))
    try:
        assert {step.status for step in opened.runs.steps("greet-2")} == {StepStatus.REUSED}
        assert opened.previews.of("loans") == ()
        logs = [Path(step.log).read_text() for step in opened.runs.steps("greet@pr-12-1")]
    finally:
        opened.close()
    assert "PATH=" in logs[0]  # the step showed its environment
    assert TOKEN not in "".join(logs)
