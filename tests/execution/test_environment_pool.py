"""Environments as runs take them: built once, at once, and again where they failed."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from reconciler.environments.base import EnvironmentSpec, Leftover, Needed
from reconciler.model.errors import EnvironmentBuildError
from reconciler.model.runs import RunStatus

from .diary import Diary
from .place import Place, eventually
from .repository import ENVIRONMENT, Repository, Witness, job

OpenPlace = Callable[..., Place]
OTHER = {**ENVIRONMENT, "name": "other", "image": "python:3.13-slim"}
USES_OTHER = job(environment="azureml:other@latest")


class Builder:
    """Makes a folder with a Python for each environment; fails where it is told to."""

    engine = "process"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.built: list[EnvironmentSpec] = []
        self.failing: set[str] = set()
        self.gate = threading.Event()
        self.gate.set()

    @property
    def names(self) -> list[str]:
        return [spec.name for spec in self.built]

    def location(self, spec: EnvironmentSpec) -> str | None:
        place = self._folder / spec.digest
        return str(place) if place.exists() else None

    def build(self, spec: EnvironmentSpec, log: Path) -> str:
        self.built.append(spec)
        assert self.gate.wait(20)
        log.write_text(f"building {spec.name}\n")
        if spec.name in self.failing:
            raise EnvironmentBuildError(f"{spec.name} cannot be built: no such package", hint="correct its name")
        binaries = self._folder / spec.digest / "bin"
        binaries.mkdir(parents=True)
        (binaries / "python").symlink_to(sys.executable)
        return str(binaries.parent)

    def broken(self, spec: EnvironmentSpec) -> str:  # noqa: ARG002
        return ""

    def discard(self, spec: EnvironmentSpec) -> None:
        """Nothing breaks here."""

    def notes(self, spec: EnvironmentSpec) -> list[str]:  # noqa: ARG002
        return []

    def leftovers(self, needed: Needed) -> list[Leftover]:  # noqa: ARG002
        return []

    def remove(self, leftover: Leftover) -> bool:  # noqa: ARG002
        return True


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "built")


@pytest.fixture
def place(open_place: OpenPlace, builder: Builder) -> Place:
    return open_place(builder=builder)


def test_an_environment_is_built_once_for_all_steps_and_runs(
    place: Place, repository: Repository, builder: Builder
) -> None:
    assert place.go(repository.commit({"one": job(), "two": job("sleep 0")})).status is RunStatus.SUCCEEDED
    assert place.go(repository.commit({"three": job("sleep 0.0")})).status is RunStatus.SUCCEEDED
    assert builder.names == ["python"]
    (state,) = place.state.environments.all()
    assert (state.name, state.status, state.error) == ("python", "ready", "")
    assert Path(state.log).read_text() == "building python\n"


def test_runs_that_need_it_at_once_wait_for_one_build(place: Place, repository: Repository, builder: Builder) -> None:
    builder.gate.clear()
    repository.write_pipeline({"two": job("sleep 0")}, "other")
    tree = repository.commit({"one": job()})
    runs = [place.start(tree, name) for name in ("lending", "other")]
    eventually(lambda: builder.names == ["python"])
    assert place.state.environments.all()[0].status == "building"
    builder.gate.set()
    assert [run.ended().status for run in runs] == [RunStatus.SUCCEEDED, RunStatus.SUCCEEDED]
    assert builder.names == ["python"]


def test_environments_are_built_side_by_side_from_the_beginning_of_the_run(
    place: Place, repository: Repository, builder: Builder
) -> None:
    builder.gate.clear()
    repository.write("other.yaml", yaml.safe_dump(OTHER))
    going = place.start(repository.commit({"first": job(), "last": {**USES_OTHER, "depends_on": ["first"]}}))
    eventually(lambda: sorted(builder.names) == ["other", "python"])
    builder.gate.set()
    assert going.ended().status is RunStatus.SUCCEEDED


def test_an_environment_that_no_executed_step_needs_is_not_built(
    place: Place, repository: Repository, builder: Builder
) -> None:
    repository.write("other.yaml", yaml.safe_dump(OTHER))
    place.go(repository.commit({"one": job()}))
    assert builder.names == ["python"]


def test_a_build_that_fails_fails_the_steps_that_need_it_and_no_others(
    place: Place, repository: Repository, builder: Builder, witness: Witness
) -> None:
    builder.failing.add("other")
    repository.write("other.yaml", yaml.safe_dump(OTHER))
    jobs = {"one": job(), "two": USES_OTHER, "three": {**USES_OTHER, "command": "ls"}, "last": job(depends_on=["two"])}
    run = place.go(repository.commit(jobs, settings={"continue_on_step_failure": True}))
    assert place.statuses(run) == {"one": "succeeded", "two": "failed", "three": "failed", "last": "skipped"}
    assert "step two: other cannot be built: no such package" in run.error
    assert "correct its name" in run.error
    assert witness.lines == ["one"]
    assert builder.names.count("other") == 1
    states = {state.name: state for state in place.state.environments.all()}
    assert states["other"].status == "failed"
    assert "no such package" in states["other"].error


def test_a_build_that_failed_is_tried_again_by_the_next_run(
    place: Place, repository: Repository, builder: Builder
) -> None:
    builder.failing.add("python")
    tree = repository.commit({"one": job()})
    assert place.go(tree).status is RunStatus.FAILED
    builder.failing.clear()
    assert place.go(tree).status is RunStatus.SUCCEEDED
    assert builder.names == ["python", "python"]
    assert [state.status for state in place.state.environments.all()] == ["ready"]


def test_an_environment_that_was_deleted_is_built_again(
    place: Place, repository: Repository, builder: Builder, tmp_path: Path
) -> None:
    place.go(repository.commit({"one": job()}))
    shutil.rmtree(tmp_path / "built")
    assert place.go(repository.commit({"two": job("sleep 0")})).status is RunStatus.SUCCEEDED
    assert builder.names == ["python", "python"]


def test_a_fault_of_the_builder_fails_the_step_and_leaves_no_build_under_way(
    place: Place, repository: Repository, builder: Builder, tmp_path: Path
) -> None:
    (tmp_path / "built").write_text("in the way")
    run = place.go(repository.commit({"one": job()}))
    assert run.status is RunStatus.FAILED
    assert [state.status for state in place.state.environments.all()] == ["failed"]


def test_the_run_in_mlflow_of_a_step_whose_environment_failed_is_ended(
    open_place: OpenPlace, repository: Repository, builder: Builder, tmp_path: Path
) -> None:
    builder.failing.add("python")
    diary = Diary(tmp_path / "diary")
    open_place(builder=builder, tracking=diary).go(repository.commit({"one": job()}))
    assert {entry.status for entry in diary.entries.values()} == {"FAILED"}


def test_the_builder_is_given_the_files_of_the_commit(place: Place, repository: Repository, builder: Builder) -> None:
    context = {**ENVIRONMENT, "name": "image", "build": {"path": "./context", "dockerfile_path": "Dockerfile"}}
    del context["image"]
    conda = {**ENVIRONMENT, "name": "conda", "conda_file": "./conda.yaml"}
    files = {
        "conda.yaml": "dependencies: [python=3.12]\n",
        "context/Dockerfile": "FROM python:3.12-slim\n",
        "image.yaml": yaml.safe_dump(context),
        "conda-environment.yaml": yaml.safe_dump(conda),
    }
    jobs = {name: job(environment=f"azureml:{name}@latest") for name in ("image", "conda")}
    tree = repository.commit(jobs, files)
    repository.write("context/Dockerfile", "changed since")
    assert place.go(tree).error == ""
    given = {spec.name: spec for spec in builder.built}
    assert given["conda"].conda == {"dependencies": ["python=3.12"]}
    folder = given["image"].context_folder
    assert folder is not None
    assert (folder / "Dockerfile").read_text() == "FROM python:3.12-slim\n"


def test_a_run_that_is_cancelled_does_not_wait_for_a_build(
    repository: Repository, open_place: OpenPlace, builder: Builder
) -> None:
    place = open_place(builder=builder)
    builder.gate.clear()
    going = place.start(repository.commit({"one": job()}))
    eventually(lambda: bool(builder.built))
    going.run.cancel("enough")
    assert going.ended().status is RunStatus.CANCELLED
    builder.gate.set()


def test_a_process_that_ends_does_not_wait_for_a_build(
    repository: Repository, open_place: OpenPlace, builder: Builder
) -> None:
    place = open_place(builder=builder)
    builder.gate.clear()
    going = place.start(repository.commit({"one": job()}))
    eventually(lambda: bool(builder.built))
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("environment")]
    assert threads
    assert all(thread.daemon for thread in threads)
    builder.gate.set()
    going.ended()
