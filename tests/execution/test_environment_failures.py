"""Environments that cannot be built or are gone: what that ends, what it does not, and what is said of it."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from reconciler.environments.base import EnvironmentSpec
from reconciler.model.errors import EnvironmentBuildError
from reconciler.model.runs import RunStatus
from reconciler.model.steps import EnvironmentSpec as PlannedEnvironment
from reconciler.source.worktree import Worktree

from .place import ORIGIN, Place, ThisPython, eventually
from .repository import ENVIRONMENT, Document, Repository, Witness, choice, component, job, reads, sweep, writes

OpenPlace = Callable[..., Place]
BROKEN = {**ENVIRONMENT, "name": "broken", "image": "python:none"}
ON_BROKEN = {"environment": "azureml:broken@latest"}


class Builder(ThisPython):
    """Makes a folder for each environment; the one named `broken` it cannot make."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.built: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    def location(self, spec: EnvironmentSpec) -> str | None:
        place = self.folder / spec.digest
        return str(place) if place.exists() else None

    def build(self, spec: EnvironmentSpec, log: Path) -> str:  # noqa: ARG002
        assert self.gate.wait(20)
        self.built.append(spec.name)
        if spec.name == "broken":
            raise EnvironmentBuildError("broken cannot be built: no such image")
        binaries = self.folder / spec.digest / "bin"
        binaries.mkdir(parents=True)
        (binaries / "python").symlink_to(sys.executable)
        return str(binaries.parent)


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "built")


@pytest.fixture
def place(open_place: OpenPlace, builder: Builder) -> Place:
    return open_place(builder=builder)


@pytest.fixture
def repository(repository: Repository) -> Repository:
    repository.write("broken.yaml", yaml.safe_dump(BROKEN))
    return repository


def _broken_sweep(space: Document) -> Document:
    trial = component(
        writes("model", "model"), inputs={"depth": {"type": "number"}}, outputs={"model": {"type": "uri_file"}}
    )
    return {**sweep("true", {"depth": space}), "trial": {**trial, **ON_BROKEN}}


class TestOtherSteps:
    def test_only_the_steps_that_need_it_and_those_after_them_do_not_run(
        self, place: Place, repository: Repository, witness: Witness
    ) -> None:
        jobs = {
            "first": job(writes("rows"), ("out",)),
            "broken": {**job("cat ${{inputs.rows}}", ("out",), inputs={"rows": reads("first")}), **ON_BROKEN},
            "near": job("cat ${{inputs.rows}}", inputs={"rows": reads("broken")}),
            "far": job(depends_on=["near"]),
            "beside": job("cat ${{inputs.rows}} && sleep 0.3", inputs={"rows": reads("first")}),
            "after": job(depends_on=["beside"]),
        }
        run = place.go(repository.commit(jobs))
        assert run.status is RunStatus.FAILED
        assert place.statuses(run) == {
            "first": "succeeded",
            "broken": "failed",
            "near": "skipped",
            "far": "skipped",
            "beside": "succeeded",
            "after": "succeeded",
        }
        assert place.steps(run)["far"].reasons == ("broken failed",)
        assert sorted(witness.lines) == ["after", "beside", "first"]
        assert run.error.startswith("step broken: ")
        assert "no such image" in run.error

    def test_the_same_is_true_of_a_sweep(self, place: Place, repository: Repository, witness: Witness) -> None:
        jobs = {
            "broken": _broken_sweep(choice(1, 2, 3)),
            "near": job("cat ${{inputs.model}}", inputs={"model": reads("broken", "model")}),
            "beside": job("sleep 0.3"),
            "after": job(depends_on=["beside"]),
        }
        run = place.go(repository.commit(jobs))
        found = place.statuses(run)
        assert {name: found[name] for name in jobs} == {
            "broken": "failed",
            "near": "skipped",
            "beside": "succeeded",
            "after": "succeeded",
        }
        assert {place.steps(run)[f"broken[{number}]"].failure for number in range(3)} == {"environment"}
        assert place.steps(run)["broken"].failure == "environment"
        assert sorted(witness.lines) == ["after", "beside"]

    def test_a_step_that_fails_by_itself_does_end_the_others(self, place: Place, repository: Repository) -> None:
        """Which is what makes an environment different."""
        jobs = {"failing": job("exit 1"), "beside": job("sleep 30"), "after": job(depends_on=["beside"])}
        run = place.go(repository.commit(jobs))
        assert place.statuses(run) == {"failing": "failed", "beside": "cancelled", "after": "skipped"}

    def test_what_ran_beside_it_is_reused_once_the_environment_is_mended(
        self, place: Place, repository: Repository, witness: Witness
    ) -> None:
        jobs = {"broken": {**job(), **ON_BROKEN}, "beside": job()}
        place.go(repository.commit(jobs))
        repository.write("broken.yaml", yaml.safe_dump({**BROKEN, "name": "mended"}))
        run = place.go(repository.commit({**jobs, "broken": job(environment="azureml:mended@latest")}))
        assert place.statuses(run) == {"broken": "succeeded", "beside": "reused"}
        assert sorted(witness.lines) == ["beside", "broken"]


class TestWords:
    @pytest.mark.parametrize(
        ("failing", "word"),
        [
            ({**job(), **ON_BROKEN}, "environment"),
            (job("exit 3"), "exit-status"),
            (job("kill -9 $$"), "exit-status"),
            (job("sleep 1000", limits={"timeout": 1}), "timed-out"),
            (job("true", ("model",)), "output"),
            (job("mkdir ${{outputs.model}}", ("model",)), "output"),
        ],
    )
    def test_the_kind_of_a_failure_stands_in_the_record(
        self, place: Place, repository: Repository, failing: Document, word: str
    ) -> None:
        run = place.go(repository.commit({"train": failing}))
        assert place.steps(run)["train"].failure == word

    def test_a_step_that_did_not_fail_has_no_such_word(self, place: Place, repository: Repository) -> None:
        jobs = {"good": job(), "bad": job("exit 1", depends_on=["good"]), "after": job(depends_on=["bad"])}
        run = place.go(repository.commit(jobs))
        assert {name: step.failure for name, step in place.steps(run).items()} == {
            "good": "",
            "bad": "exit-status",
            "after": "",
        }

    def test_a_sweep_of_which_every_trial_failed_alike_failed_like_that(
        self, place: Place, repository: Repository
    ) -> None:
        run = place.go(repository.commit({"train": sweep("exit 1", {"depth": choice(1, 2)})}))
        assert place.steps(run)["train"].failure == "exit-status"

    def test_a_sweep_whose_trials_failed_in_different_ways_names_none(
        self, place: Place, repository: Repository
    ) -> None:
        run = place.go(repository.commit({"train": sweep("test ${{inputs.depth}} = 1", {"depth": choice(1, 2)})}))
        assert {place.steps(run)[f"train[{number}]"].failure for number in range(2)} == {"output", "exit-status"}
        assert place.steps(run)["train"].failure == ""


class TestRebuildLost:
    def _environments(self, place: Place, tree: Worktree) -> list[PlannedEnvironment]:
        return [step.environment for step in place.plan(tree)[0].graph.steps]

    def _rebuilt(self, place: Place, tree: Worktree) -> list[str]:
        environments = self._environments(place, tree)
        lost = place.site.environments.lost(environments)
        place.site.environments.rebuild_lost(environments, tree.objects, ORIGIN)
        return [each.name for each in lost]

    def test_an_environment_that_was_removed_is_noted_as_gone_and_built_again(
        self, place: Place, repository: Repository, builder: Builder
    ) -> None:
        tree = repository.commit({"train": job()})
        place.go(tree)
        shutil.rmtree(builder.folder)
        builder.gate.clear()
        noted: list[str] = []
        place.site.environments.notify(lambda: noted.append(place.state.environments.all()[0].status))
        assert self._rebuilt(place, tree) == ["python"]
        assert place.state.environments.all()[0].status in ("gone", "building")
        builder.gate.set()
        eventually(lambda: place.state.environments.all()[0].status == "ready")
        assert builder.built == ["python", "python"]
        assert noted == ["building", "ready"]

    def test_its_event_is_of_the_moment_at_which_that_was_noticed(
        self, place: Place, repository: Repository, builder: Builder
    ) -> None:
        tree = repository.commit({"train": job()})
        place.go(tree)
        noticed = place.site.clock()
        shutil.rmtree(builder.folder)
        place.site.environments.lost(self._environments(place, tree))
        (gone,) = [each for each in place.state.events.after(0) if each.reason == "Gone"]
        assert gone.last >= noticed

    def test_an_environment_that_is_there_is_left_alone(
        self, place: Place, repository: Repository, builder: Builder
    ) -> None:
        tree = repository.commit({"train": job()})
        place.go(tree)
        assert self._rebuilt(place, tree) == []
        assert builder.built == ["python"]

    def test_an_environment_that_was_never_built_is_not_built_now(
        self, place: Place, repository: Repository, builder: Builder
    ) -> None:
        assert self._rebuilt(place, repository.commit({"train": job()})) == []
        assert builder.built == []
        assert place.state.environments.all() == []

    def test_an_environment_whose_build_failed_is_for_the_next_run_to_try(
        self, place: Place, repository: Repository, builder: Builder
    ) -> None:
        tree = repository.commit({"train": {**job(), **ON_BROKEN}})
        place.go(tree)
        assert self._rebuilt(place, tree) == []
        assert builder.built == ["broken"]

    def test_a_run_that_begins_while_it_is_built_again_takes_that_build(
        self, place: Place, repository: Repository, builder: Builder
    ) -> None:
        tree = repository.commit({"train": job()})
        place.go(tree)
        shutil.rmtree(builder.folder)
        builder.gate.clear()
        self._rebuilt(place, tree)
        going = place.start(repository.commit({"train": job("sleep 0")}))
        builder.gate.set()
        assert going.ended().status is RunStatus.SUCCEEDED
        assert builder.built == ["python", "python"]
