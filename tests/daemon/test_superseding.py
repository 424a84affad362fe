"""What a run or a build is overtaken by: a newer revision, somebody who removes an environment, a tag that is moved."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.daemon.retries import RetryPolicy, next_attempt
from reconciler.engines.process import ProcessEngine
from reconciler.environments.base import EnvironmentSpec
from reconciler.environments.base_images import BaseImages
from reconciler.execution.environment_pool import EnvironmentPool
from reconciler.execution.site import Site
from reconciler.model.configuration import BuildSettings
from reconciler.model.runs import SUPERSEDED, Run, RunStatus
from tests.execution.place import eventually

from .following import Following
from .origin import Origin, environment_manifest, pipeline
from .site import Clock, OurPython
from .waiting import Waiting

GREET = "greet.yaml"
CANCEL = "on_new_revision: cancel\n"
OTHER = pipeline("echo other")


def _begin(following: Following, origin: Origin, waiting: Waiting, policy: str) -> str:
    """A run that is in its second step; returns the commit that it is of."""
    commit = origin.push({GREET: waiting.manifest + policy})
    following.follower.reconcile("push")
    waiting.until_second()
    return commit


def _settle(following: Following) -> list[RunStatus]:
    """A turn as the daemon makes it after a push, and all that follows from it; returns how the runs ended."""
    following.turn()
    following.follower.wait()
    return [run.status for run in following.runs]


class TestCancelling:
    def test_a_push_that_changes_the_pipeline_ends_its_run_and_the_new_one_starts(
        self, following: Following, origin: Origin, waiting: Waiting
    ) -> None:
        _begin(following, origin, waiting, CANCEL)
        commit = origin.push({GREET: OTHER + CANCEL})
        assert following.follower.reconcile("push").started == ()
        following.follower.wait()
        assert following.follower.reconcile("run ended").started == ("greet",)
        following.follower.wait()
        ended, new = following.runs
        assert (ended.status, ended.error) == (RunStatus.CANCELLED, f"{SUPERSEDED}main@sha1:{commit}")
        assert ended.is_superseded
        assert (new.status, new.revision, new.trigger) == (RunStatus.SUCCEEDED, f"main@sha1:{commit}", "push")
        steps = following.site.state.runs.steps(ended.id)
        assert [(step.name, str(step.status)) for step in steps] == [("step_0", "succeeded"), ("step_1", "cancelled")]

    def test_the_policy_of_the_newer_revision_counts(
        self, following: Following, origin: Origin, waiting: Waiting
    ) -> None:
        _begin(following, origin, waiting, "")
        origin.push({GREET: OTHER + CANCEL})
        assert _settle(following) == [RunStatus.CANCELLED, RunStatus.SUCCEEDED]

    @pytest.mark.parametrize("policy", ["", "on_new_revision: finish\n"])
    def test_without_it_the_run_finishes_first(
        self, following: Following, origin: Origin, waiting: Waiting, policy: str
    ) -> None:
        _begin(following, origin, waiting, policy)
        origin.push({GREET: OTHER + policy})
        following.follower.reconcile("push")
        following.follower.reconcile("interval")
        assert [run.status for run in following.runs] == [RunStatus.RUNNING]
        waiting.go_on()
        following.follower.wait()
        following.turn("run ended")
        assert [run.status for run in following.runs] == [RunStatus.SUCCEEDED, RunStatus.SUCCEEDED]

    @pytest.mark.parametrize("file", ["README.md", "other.yaml", GREET])
    def test_a_push_that_changes_no_result_of_the_pipeline_ends_nothing(
        self, following: Following, origin: Origin, waiting: Waiting, file: str
    ) -> None:
        _begin(following, origin, waiting, CANCEL)
        described = f"{waiting.manifest}{CANCEL}description: other words\n"
        origin.push({file: described if file == GREET else pipeline("true", name="other")})
        following.follower.reconcile("push")
        waiting.go_on()
        following.follower.wait()
        assert [run.status for run in following.runs if run.pipeline == "greet"] == [RunStatus.SUCCEEDED]

    def test_a_revision_with_problems_ends_nothing(
        self, following: Following, origin: Origin, waiting: Waiting
    ) -> None:
        _begin(following, origin, waiting, CANCEL)
        origin.push({GREET: OTHER + CANCEL, "broken.yaml": "type: pipeline\njobs: 7\n"})
        assert not following.follower.reconcile("push").is_good
        waiting.go_on()
        following.follower.wait()
        assert [run.status for run in following.runs] == [RunStatus.SUCCEEDED]

    def test_a_run_that_an_earlier_process_began_is_ended_too(
        self, following: Following, origin: Origin, waiting: Waiting
    ) -> None:
        _begin(following, origin, waiting, CANCEL)
        following.follower.stop()
        following.site = replace(following.site, engine=ProcessEngine(kill_grace_seconds=1.0))
        assert following.restart() == ["greet-1"]
        origin.push({GREET: OTHER + CANCEL})
        assert _settle(following) == [RunStatus.CANCELLED, RunStatus.SUCCEEDED]


class TestGoingBack:
    def test_what_was_superseded_runs_again_and_reuses_what_had_ended(
        self, following: Following, origin: Origin, waiting: Waiting
    ) -> None:
        _begin(following, origin, waiting, CANCEL)
        origin.push({GREET: OTHER + CANCEL})
        _settle(following)
        waiting.go_on()
        origin.revert()
        assert _settle(following) == [RunStatus.CANCELLED, RunStatus.SUCCEEDED, RunStatus.SUCCEEDED]
        steps = following.site.state.runs.steps("greet-3")
        assert [str(step.status) for step in steps] == ["reused", "succeeded"]
        assert following.runs[-1].attempt == 1

    def test_what_somebody_ended_by_hand_waits_for_somebody_to_ask(
        self, following: Following, origin: Origin, waiting: Waiting
    ) -> None:
        _begin(following, origin, waiting, CANCEL)
        assert following.follower.cancel("greet-1")
        following.follower.wait()
        origin.push({GREET: OTHER + CANCEL})
        _settle(following)
        waiting.go_on()
        origin.revert()
        assert _settle(following) == [RunStatus.CANCELLED, RunStatus.SUCCEEDED]


def _run(status: RunStatus, attempt: int = 1, error: str = "") -> Run:
    return Run("p-1", "p", "main", "main@sha1:0", "c", status, "push", 0.0, 1.0, attempt=attempt, error=error)


@given(
    others=st.lists(st.sampled_from([status for status in RunStatus if status is not RunStatus.RUNNING]), max_size=4),
    places=st.lists(st.integers(0, 4), max_size=3),
)
def test_runs_that_were_superseded_say_nothing_about_the_next_attempt(
    others: list[RunStatus], places: list[int]
) -> None:
    runs = [_run(status, attempt=len(others) - number) for number, status in enumerate(others)]
    mixed = list(runs)
    for place in places:
        mixed.insert(place, _run(RunStatus.CANCELLED, error=f"{SUPERSEDED}main@sha1:1"))
    assert next_attempt(mixed, RetryPolicy()) == next_attempt(runs, RetryPolicy())


class Held(OurPython):
    """Builds while its gate is open."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder
        self.gate = threading.Event()
        self.gate.set()
        self.built: list[str] = []

    def build(self, spec: EnvironmentSpec, log: Path) -> str:
        assert self.gate.wait(20)
        self.built.append(spec.name)
        return super().build(spec, log)


class Registry:
    """Knows what the tags of images mean now."""

    def __init__(self) -> None:
        self.newest = 1

    def resolve(self, name: str) -> str:
        return f"{name}@sha256:{self.newest:064}"


@pytest.fixture
def builder(tmp_path: Path) -> Iterator[Held]:
    builder = Held(tmp_path / "environments")
    yield builder
    builder.gate.set()


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def on_images(site: Site, origin: Origin, clock: Clock, builder: Held, registry: Registry) -> Iterator[Following]:
    """A follower whose engine has images, and which builds one environment at a time."""
    pool = EnvironmentPool(site.state, builder, clock, 1)
    images = BaseImages(site.state.image_pins, registry, BuildSettings())
    following = Following(replace(site, environments=pool, base_images=images), origin)
    yield following
    builder.gate.set()
    following.follower.stop()
    pool.close()


def _uses(environment: str) -> str:
    return pipeline("true", name=environment).replace("{image: python}", f"azureml:{environment}@latest")


def _built(following: Following) -> bool:
    return all(each.status == "ready" for each in following.site.state.environments.all())


class TestEnvironmentsThatAreGone:
    @pytest.fixture
    def applied(self, on_images: Following, origin: Origin, builder: Held) -> Following:
        """Two environments that were built for two pipelines, and then removed by somebody."""
        files = {f"{name}.yaml": environment_manifest(name) for name in ("one", "two")}
        files["two.yaml"] = files["two.yaml"].replace("image: python", "image: debian")
        origin.push({**files, **{f"{name}-pipeline.yaml": _uses(name) for name in ("one", "two")}})
        _settle(on_images)
        assert on_images.reason("environment/one")[0] == "Built"
        assert sorted(builder.built) == ["one", "two"]
        shutil.rmtree(builder.folder)
        return on_images

    def test_they_are_said_to_be_gone_until_they_are_built_again_and_nothing_runs_for_that(
        self, applied: Following, builder: Held
    ) -> None:
        """The second waits here for the build of the first."""
        builder.gate.clear()
        applied.follower.reconcile("interval")
        assert applied.reason("environment/two")[0] == "Gone"
        builder.gate.set()
        eventually(lambda: _built(applied))
        applied.follower.reconcile("run ended")
        assert {applied.reason(f"environment/{name}")[0] for name in ("one", "two")} == {"Built"}
        assert sorted(builder.built) == ["one", "one", "two", "two"]
        assert len(applied.runs) == 2

    def test_somebody_who_asks_has_them_looked_for_and_a_push_does_not(
        self, applied: Following, origin: Origin, builder: Held
    ) -> None:
        """A push is to be seen at once, and an engine may take long to answer."""
        origin.push({"README.md": "more words\n"})
        applied.turn()
        assert len(builder.built) == 2
        applied.follower.reconcile("request", is_asked=True)
        eventually(lambda: len(builder.built) == 4)


class TestTagsThatWereMoved:
    @pytest.fixture
    def applied(self, on_images: Following, origin: Origin, registry: Registry) -> Following:
        """A pipeline that ran on an image whose tag was moved since."""
        origin.push({"one.yaml": environment_manifest("one"), GREET: _uses("one")})
        _settle(on_images)
        registry.newest = 2
        return on_images

    def test_nothing_follows_from_that_by_itself(self, applied: Following) -> None:
        for trigger in ("push", "interval"):
            applied.turn(trigger)
        applied.turn("request", is_asked=True)
        applied.restart()
        applied.turn("start")
        assert len(applied.runs) == 1
        assert applied.site.state.image_pins.all() == {"python": f"python@sha256:{1:064}"}

    def test_who_asks_for_them_to_be_resolved_anew_has_everything_on_them_run_again(
        self, applied: Following, builder: Held
    ) -> None:
        applied.follower.refresh_images()
        applied.turn("request", is_asked=True)
        assert applied.site.state.image_pins.all() == {"python": f"python@sha256:{2:064}"}
        assert [run.status for run in applied.runs] == [RunStatus.SUCCEEDED, RunStatus.SUCCEEDED]
        assert applied.runs[-1].reasons[0].startswith("step_0: environment one changed (")
        assert builder.built == ["one", "one"]

    def test_resolved_anew_to_the_same_they_make_nothing_run(self, applied: Following, registry: Registry) -> None:
        registry.newest = 1
        applied.follower.refresh_images()
        applied.turn("request", is_asked=True)
        assert len(applied.runs) == 1
