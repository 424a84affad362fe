"""What the images that environments build on are pinned to, as a part of identity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from reconciler.model.desired import Desired
from reconciler.model.plan import EnvironmentAction, PipelineAction
from reconciler.model.problems import Code
from reconciler.model.steps import EnvironmentSpec
from reconciler.planning.environment_specs import environment_spec
from reconciler.planning.environments import environments_in
from tests.manifests.documents import environment

from .history import Files, History, desired_of
from .lending import TRAIN, files, train
from .world import World, actions, pipeline_plan, step_plan

BASE = "python:3.11-slim"
ONE, OTHER = f"python@sha256:{'1' * 64}", f"python@sha256:{'2' * 64}"
OWN = "debian:12"


def _pinned(desired: Desired, pins: Mapping[str, str]) -> Desired:
    """The desired state where every image is pinned as given; "" stands for one that nothing is known of."""
    specs = [environment_spec(each, desired) for each in environments_in(desired)]
    named = {spec.recipe: spec.image or BASE for spec in specs}
    return replace(desired, bases={recipe: ((image, pins.get(image, "")),) for recipe, image in named.items()})


def _spec(pins: Mapping[str, str] | None, image: str = BASE) -> EnvironmentSpec:
    desired = desired_of({"environment.yaml": environment(image=image)})
    (found,) = desired.environments
    return environment_spec(found, desired if pins is None else _pinned(desired, pins))


class TestDigest:
    def test_it_is_the_recipe_where_the_engine_has_no_images(self) -> None:
        assert _spec(None).digest == _spec(None).recipe

    def test_it_is_the_recipe_where_nothing_is_known_of_the_image(self) -> None:
        spec = _spec({})
        assert spec.digest == spec.recipe == _spec(None).recipe
        assert spec.bases == ((BASE, ""),)

    def test_it_differs_where_the_image_is_another_one(self) -> None:
        digests = {_spec(None).digest, _spec({BASE: ONE}).digest, _spec({BASE: OTHER}).digest}
        assert len(digests) == 3

    @pytest.mark.parametrize("path", ["python", "docker.io/library/python", "registry.example.org:5000/cache/python"])
    def test_it_is_the_same_wherever_the_image_is_kept(self, path: str) -> None:
        assert _spec({BASE: f"{path}@sha256:{'1' * 64}"}).digest == _spec({BASE: ONE}).digest

    def test_an_image_that_is_in_no_registry_counts_by_its_id(self) -> None:
        ids = [f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"]
        assert _spec({BASE: ids[0]}).digest == _spec({BASE: ids[0]}).digest != _spec({BASE: ids[1]}).digest

    def test_the_recipe_is_the_same_whatever_the_image_is_pinned_to(self) -> None:
        assert len({_spec(pins).recipe for pins in (None, {}, {BASE: ONE}, {BASE: OTHER})}) == 1

    def test_another_recipe_on_the_same_image_is_another_environment(self) -> None:
        assert _spec({BASE: ONE}).digest != _spec({"python:3.11": ONE}, "python:3.11").digest


class PinnedHistory(History):
    """Revisions of which every image is pinned as `pins` says at the time."""

    def __init__(self) -> None:
        super().__init__()
        self.pins: Mapping[str, str] = {}

    def revision(self, files: Files, local_data: Mapping[str, str] | None = None) -> Desired:
        return _pinned(super().revision(files, local_data), self.pins)


class PinnedWorld(World):
    """A world whose engine has images."""

    def __init__(self) -> None:
        super().__init__()
        self._history = self._pinned = PinnedHistory()

    def pin(self, **images: str) -> None:
        """What images are pinned to from now on: `base` for that of the shared environment, `own` for that of train."""
        self._pinned.pins = {BASE: images.get("base", ONE), OWN: images.get("own", ONE)}


FILES = files({TRAIN: train(environment={"image": OWN}), "reconciler.yaml": None})


@pytest.fixture
def world() -> PinnedWorld:
    """One in which everything has run; versions are enforced."""
    world = PinnedWorld()
    world.pin()
    world.apply(FILES)
    return world


def test_nothing_is_to_be_done_while_pins_stay_as_they_are(world: PinnedWorld) -> None:
    made = world.plan(FILES)
    assert pipeline_plan(made).action is PipelineAction.NONE
    assert not made.problems


def test_an_image_that_was_pinned_anew_is_no_change_of_a_version(world: PinnedWorld) -> None:
    world.pin(base=OTHER, own=OTHER)
    made = world.plan(FILES)
    assert made.problems == ()
    assert made.versions == ()


def test_an_environment_that_did_change_under_its_version_is_still_refused(world: PinnedWorld) -> None:
    world.pin(base=OTHER)
    changed = {**FILES, "environments/conda.yaml": "dependencies: [python=3.12]"}
    assert [problem.code for problem in world.plan(changed).problems] == [Code.VERSION_MUTATED]


def test_the_steps_on_an_image_that_was_pinned_anew_run_and_say_which_environment_changed(world: PinnedWorld) -> None:
    world.pin(base=OTHER)
    made = world.plan(FILES)
    assert pipeline_plan(made).action is PipelineAction.RUN
    assert actions(made) == {"prepare": "run", "split": "run", "train": "maybe"}
    for name in ("prepare", "split"):
        (reason,) = step_plan(made, name).reasons
        assert reason.startswith("environment sklearn changed (")
    assert any(reason.startswith("prepare: environment sklearn changed") for reason in pipeline_plan(made).reasons)


def test_the_steps_on_other_images_are_reused(world: PinnedWorld) -> None:
    world.pin(own=OTHER)
    made = world.apply(FILES)
    assert actions(made) == {"prepare": "reuse", "split": "reuse", "train": "run"}
    assert world.executed == ["train"]


def test_the_same_image_under_another_name_of_a_registry_runs_nothing(world: PinnedWorld) -> None:
    world.pin(base=f"mirror.example.org/library/{ONE}")
    assert pipeline_plan(world.plan(FILES)).action is PipelineAction.NONE


def test_an_image_that_means_again_what_it_meant_restores_what_was_made_with_it(world: PinnedWorld) -> None:
    world.pin(base=OTHER)
    world.apply(FILES)
    world.pin()
    made = world.apply(FILES)
    assert pipeline_plan(made).action is PipelineAction.RESTORE
    assert world.executed == []


def test_an_environment_on_an_image_that_was_pinned_anew_is_built_again(world: PinnedWorld) -> None:
    ready = frozenset(each.spec.digest for each in world.plan(FILES).environments)
    world.actual = replace(world.actual, ready_environments=ready)
    world.pin(base=OTHER)
    planned = {each.name: each.action for each in world.plan(FILES).environments}
    assert planned["sklearn"] is EnvironmentAction.BUILD
