"""Images pulled from and pushed to a registry that asks who one is."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from reconciler.containers import labels
from reconciler.containers.connection import Connection, explained
from reconciler.containers.images import Images
from reconciler.environments.image import ImageBuilder
from reconciler.model.configuration import DockerSettings, RegistryLogin
from reconciler.model.errors import EngineError, EnvironmentBuildError
from reconciler.model.image_names import image_tag

from .engine import SMALL
from .specs import context_spec, image_spec

_USER, _PASSWORD = "robot", "hunter2"
# `robot:hunter2` as htpasswd writes it with bcrypt, the only form that the registry reads.
_HTPASSWD = "robot:$2y$05$liD.2euUjaCXaeRFAXqCcOM4cgw4QgTryGo8GYmaePwRvkNiYgFp.\n"
_CONFIGURATION = """\
version: 0.1
storage:
  filesystem: {{rootdirectory: {folder}}}
  delete: {{enabled: true}}
http: {{addr: "127.0.0.1:{port}"}}
auth:
  htpasswd: {{realm: tests, path: {htpasswd}}}
"""


@dataclass(frozen=True)
class Registry:
    address: str

    @property
    def logins(self) -> dict[str, RegistryLogin]:
        return {self.address: RegistryLogin(_USER, _PASSWORD)}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, host: str) -> Iterator[Registry]:
    program = shutil.which("docker-registry")
    assert program is not None, "install docker-registry"
    folder = tmp_path_factory.mktemp("registry")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "htpasswd").write_text(_HTPASSWD)
    file = folder / "config.yml"
    file.write_text(_CONFIGURATION.format(folder=folder / "data", port=port, htpasswd=folder / "htpasswd"))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "serve", str(file)], stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_for(port, process, folder / "log")
        yield Registry(f"127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"the registry did not start: {log.read_text()}")


@pytest.fixture
def known(connection: Connection, registry: Registry) -> Images:
    return Images(connection, registry.logins)


@pytest.fixture
def builder(
    connection: Connection, settings: DockerSettings, registry: Registry, state_id: str, tmp_path: Path
) -> ImageBuilder:
    pushing = replace(settings, registries=registry.logins, push=f"{registry.address}/ml")
    return ImageBuilder(connection, pushing, tmp_path / "locks", state_id)


def _heard(line: str) -> None:
    """What a pull or push has to say is of no interest here."""


def test_an_image_is_pinned_to_the_digest_that_the_registry_names_and_pulled_by_it(
    known: Images, connection: Connection, registry: Registry
) -> None:
    name = f"{registry.address}/base:{uuid.uuid4().hex}"
    small = known.id_of(SMALL)
    assert small is not None
    known.push(small, name, _heard)
    with explained(name):
        connection.api.remove_image(name)
    pinned = known.resolve(name)
    assert pinned.startswith(f"{registry.address}/base@sha256:")
    assert known.fetch(pinned, name, _heard) == small


def test_who_has_no_credentials_is_told_where_they_belong(
    connection: Connection, registry: Registry, builder: ImageBuilder, log: Path
) -> None:
    name = f"{registry.address}/secret:{uuid.uuid4().hex}"
    with pytest.raises(EngineError, match="cannot be had") as refused:
        Images(connection, {}).resolve(name)
    assert "docker.registries" in (refused.value.hint or "")
    with pytest.raises(EnvironmentBuildError, match="cannot be had"):
        builder.build(image_spec(f"{registry.address}/not/there:1"), log)


def test_what_is_built_is_pushed_and_another_engine_need_not_build_it(
    builder: ImageBuilder, known: Images, connection: Connection, registry: Registry, log: Path, tmp_path: Path
) -> None:
    """Without its image, this engine is as good as another one."""
    spec = context_spec(tmp_path / "context", f"FROM {SMALL}\nRUN cat /proc/sys/kernel/random/uuid > /once\n")
    image = builder.build(spec, log)
    tag = image_tag(spec.name, spec.version, spec.digest)
    pushed = f"{registry.address}/ml/{tag.removeprefix('reconciler/')}"
    assert known.label_of(pushed, labels.DIGEST) == spec.digest
    connection.api.remove_image(image, force=True)
    assert builder.location(spec) is None
    assert builder.build(spec, log) == image
    assert "Step" not in log.read_text()


def test_a_push_that_is_refused_fails_the_build_and_is_made_up_for_later(
    builder: ImageBuilder,
    settings: DockerSettings,
    registry: Registry,
    connection: Connection,
    state_id: str,
    log: Path,
    tmp_path: Path,
) -> None:
    spec = context_spec(tmp_path / "context", f"FROM {SMALL}\nRUN cat /proc/sys/kernel/random/uuid > /once\n")
    wrong_login = {registry.address: RegistryLogin(_USER, "wrong")}
    wrong = replace(settings, registries=wrong_login, push=f"{registry.address}/ml")
    refused = ImageBuilder(connection, wrong, tmp_path / "locks", state_id)
    with pytest.raises(EnvironmentBuildError, match=r"unauthorized|authentication"):
        refused.build(spec, log)
    assert refused.location(spec) is None
    builder.build(spec, log)
    assert "is there already" in log.read_text()


def test_passwords_are_neither_logged_nor_shown(registry: Registry) -> None:
    assert _PASSWORD not in repr(registry.logins)
