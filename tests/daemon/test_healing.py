"""What is mended behind somebody's back: environments that were removed; and what is not: tags that were moved."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.environments.base import EnvironmentSpec
from reconciler.environments.base_images import BaseImages
from reconciler.execution.environment_pool import EnvironmentPool
from reconciler.execution.site import Site
from reconciler.model.configuration import BuildSettings
from reconciler.model.runs import RunStatus
from tests.execution.place import eventually

from .following import Following
from .origin import Origin, environment_manifest, pipeline
from .site import Clock, OurPython

GREET = "greet.yaml"


def _settle(following: Following) -> None:
    """A turn as the daemon makes it after a push, and all that follows from it."""
    following.turn()
    following.follower.wait()


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
