"""A connection to the engine, and what is made on it removed afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from reconciler.containers import labels
from reconciler.containers.connection import Connection, explained
from reconciler.containers.images import Images
from reconciler.engines.docker import DockerEngine
from reconciler.model.configuration import BuildSettings, DockerSettings
from reconciler.model.errors import EngineError

from .engine import engine_host, have_images
from .tasks import Bench


@pytest.fixture(scope="session")
def host() -> str:
    """The address of a real engine that holds the images of the tests."""
    found = engine_host()
    have_images(found)
    return found


@pytest.fixture(scope="session")
def connection(host: str) -> Connection:
    return Connection(host)


@pytest.fixture
def state_id(connection: Connection) -> Iterator[str]:
    """A state of one test; its containers and images are removed."""
    made = f"test-{uuid.uuid4().hex[:12]}"
    yield made
    wanted = {"label": [f"{labels.STATE}={made}"]}
    for container in connection.api.containers(all=True, filters=wanted):
        with suppress(EngineError), explained(container["Id"]):  # some are being removed already
            connection.api.remove_container(container["Id"], force=True, v=True)
    for image in connection.api.images(filters=wanted):
        with suppress(EngineError), explained(image["Id"]):
            connection.api.remove_image(image["Id"], force=True)


@pytest.fixture
def images(connection: Connection) -> Images:
    return Images(connection, {})


@pytest.fixture
def settings(host: str) -> DockerSettings:
    """As an operator would have it whose builds reach the package index through the machine's own network."""
    return DockerSettings(host=host, build=BuildSettings(network="host"), patience_seconds=20.0)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "build.log"


@pytest.fixture
def engine(connection: Connection, settings: DockerSettings, state_id: str) -> Iterator[DockerEngine]:
    engine = DockerEngine(connection, settings, state_id, kill_grace_seconds=1.0)
    yield engine
    engine.close()


@pytest.fixture
def bench(engine: DockerEngine, tmp_path: Path) -> Bench:
    return Bench(engine, tmp_path)
