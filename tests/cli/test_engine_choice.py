"""Which engine steps run on, and why that one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.cli.engine_choice import ENGINES, EngineChoice, check_engine, choose_engine
from reconciler.model.configuration import Configuration, DockerSettings
from reconciler.model.errors import UsageError
from tests.containers.answering import Unversioned, answering


def engine_at(host: str) -> Configuration:
    """Names the engine, so that nothing of this machine is looked at."""
    return Configuration(docker=DockerSettings(host=host))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[str]:
    """The address of something that answers as a Docker engine does."""
    with answering(tmp_path / "docker.sock") as host:
        yield host


@pytest.fixture
def nothing(tmp_path: Path) -> str:
    """The address of a socket that is not there."""
    return f"unix://{tmp_path}/gone.sock"


def test_left_to_itself_it_is_docker_where_an_engine_answers(engine: str) -> None:
    choice = choose_engine("auto", engine_at(engine))
    assert (choice.name, choice.why) == ("docker", f"a Docker engine answers at {engine}")
    assert choice.found is not None
    assert choice.found.version == "API 1.47"


def test_left_to_itself_it_is_processes_where_no_engine_answers(nothing: str) -> None:
    choice = choose_engine("auto", engine_at(nothing))
    why = f"no Docker engine answers at {nothing} (docker.host of the configuration): no such file or directory"
    assert (choice.name, choice.why) == ("process", why)
    assert choice.found is not None
    assert not choice.found.answers


def test_left_to_itself_it_is_processes_where_something_else_answers(tmp_path: Path) -> None:
    with answering(tmp_path / "docker.sock", Unversioned) as host:
        choice = choose_engine("auto", engine_at(host))
    assert choice.name == "process"
    assert "which no Docker engine does" in choice.why


def test_docker_that_is_asked_for_and_answers_is_taken(engine: str) -> None:
    choice = choose_engine("docker", engine_at(engine))
    assert (choice.name, choice.why) == ("docker", "it is asked for")
    assert choice.found is not None
    assert choice.found.host == engine


def test_docker_that_is_asked_for_is_never_replaced_by_processes(nothing: str) -> None:
    with pytest.raises(UsageError, match=f"no Docker engine answers at {nothing}") as caught:
        choose_engine("docker", engine_at(nothing))
    assert caught.value.hint == "start it, or name it with $DOCKER_HOST or `docker.host` of the configuration"


def test_processes_that_are_asked_for_are_taken_without_a_look_for_docker(engine: str) -> None:
    assert choose_engine("process", engine_at(engine)) == EngineChoice("process", "it is asked for", None)


@pytest.mark.parametrize("name", ["kubernetes", "", "Docker", "podman"])
def test_an_engine_that_there_is_not_is_refused_before_anything_is_looked_for(engine: str, name: str) -> None:
    with pytest.raises(UsageError, match=f"there is no engine `{name}`") as caught:
        choose_engine(name, engine_at(engine))
    assert caught.value.hint == "choose one of: auto, process, docker"


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_that_there_is_passes_the_check(name: str) -> None:
    check_engine(name)
