"""Environments as images, in each of the ways that a manifest can ask for one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.containers import labels
from reconciler.containers.connection import Connection, explained
from reconciler.containers.images import Images
from reconciler.environments.base import EnvironmentSpec, Needed
from reconciler.environments.image import ImageBuilder
from reconciler.environments.image_build import buildkit_client
from reconciler.model.configuration import BuildSecret, DockerSettings
from reconciler.model.errors import EngineError, EnvironmentBuildError
from reconciler.model.image_names import image_tag

from .engine import BASE, SMALL
from .specs import conda_spec, context_spec, image_spec

MakeBuilder = Callable[..., ImageBuilder]


@pytest.fixture(params=["classic", "buildkit"])
def backend(request: pytest.FixtureRequest) -> str:
    """Both builders, for whatever of them is on a user's machine."""
    backend = str(request.param)
    if backend == "buildkit" and buildkit_client(os.environ["PATH"]) is None:
        pytest.fail("no `docker` program with BuildKit is installed")
    return backend


@pytest.fixture
def make_builder(
    connection: Connection, settings: DockerSettings, state_id: str, tmp_path: Path, backend: str
) -> MakeBuilder:
    """A builder of the test's state, with what the operator says of builds."""

    def make(state: str = state_id, **of_builds: Any) -> ImageBuilder:
        chosen = replace(settings, build=replace(settings.build, backend=backend, **of_builds))
        return ImageBuilder(connection, chosen, tmp_path / "locks", state)

    return make


@pytest.fixture
def builder(make_builder: MakeBuilder, connection: Connection) -> Iterator[ImageBuilder]:
    yield make_builder()
    for image in connection.api.images(filters={"reference": ["reconciler/plain"]}):
        for name in image["RepoTags"] or ():
            with suppress(EngineError), explained(name):
                connection.api.remove_image(name)


def tag(spec: EnvironmentSpec) -> str:
    return image_tag(spec.name, spec.version, spec.digest)


def said(connection: Connection, image: str, *command: str) -> str:
    """What a command prints in an image."""
    made = connection.api.create_container(image, list(command), network_disabled=True)
    try:
        connection.api.start(made["Id"])
        connection.api.wait(made["Id"])
        return str(connection.api.logs(made["Id"]).decode())
    finally:
        connection.api.remove_container(made["Id"], force=True)


def test_someone_elses_image_is_taken_as_it_is_and_keeps_a_name_of_ours(
    builder: ImageBuilder, images: Images, log: Path
) -> None:
    spec = image_spec()
    assert builder.location(spec) is None
    assert builder.build(spec, log) == images.id_of(SMALL) == images.id_of(tag(spec))
    assert builder.location(spec) == images.id_of(SMALL)


def test_an_image_is_what_it_was_pinned_to_although_its_name_moves(
    builder: ImageBuilder, images: Images, connection: Connection, log: Path
) -> None:
    connection.api.tag(SMALL, "reconciler-test/moving", "1", force=True)
    pinned = images.resolve("reconciler-test/moving:1")
    connection.api.tag(BASE, "reconciler-test/moving", "1", force=True)
    built = builder.build(image_spec("reconciler-test/moving:1", pinned), log)
    assert built == pinned == images.id_of(SMALL)


def test_ones_own_dockerfile_is_built_in_its_context_and_says_where_it_comes_from(
    builder: ImageBuilder, connection: Connection, log: Path, tmp_path: Path, state_id: str
) -> None:
    dockerfile = f"FROM {SMALL}\nCOPY data.txt /data.txt\nRUN cat /data.txt >> /seen\n"
    spec = context_spec(tmp_path / "context", dockerfile, data="rows")
    image = builder.build(spec, log)
    assert said(connection, image, "cat", "/seen") == "rows"
    told = connection.api.inspect_image(image)["Config"]["Labels"]
    assert told[labels.SOURCE] == "https://example.org/loans.git"
    assert told[labels.REVISION] == "c0ffee"
    assert told[labels.DIGEST] == spec.digest
    assert told[labels.VERSION] == "1.2.0"
    assert told[labels.CREATED].endswith("Z")
    assert told[labels.STATE] == state_id
    assert tag(spec) in connection.api.inspect_image(image)["RepoTags"]


def test_what_dockerignore_names_is_not_in_the_context(
    builder: ImageBuilder, connection: Connection, log: Path, tmp_path: Path
) -> None:
    spec = context_spec(tmp_path / "context", f"FROM {SMALL}\nCOPY . /all\n", data="rows", secret="key")
    (tmp_path / "context" / ".dockerignore").write_text("secret.*\n")
    listed = said(connection, builder.build(spec, log), "ls", "/all").split()
    assert "data.txt" in listed
    assert "secret.txt" not in listed


def test_a_conda_file_with_python_packages_alone_is_installed_by_uv(
    builder: ImageBuilder, connection: Connection, log: Path
) -> None:
    image = builder.build(conda_spec("iniconfig==2.0.0"), log)
    code = "import iniconfig, sys; print(sys.prefix, sys.version_info[:2], iniconfig.__name__)"
    assert said(connection, image, "python", "-c", code) == "/opt/reconciler/environment (3, 11) iniconfig\n"
    assert said(connection, image, "ls", "/tmp") == ""  # noqa: S108 - what was needed to install it stayed behind


def test_conda_packages_are_installed_by_micromamba_with_the_pip_section(
    make_builder: MakeBuilder, connection: Connection, log: Path, tmp_path: Path
) -> None:
    """No channel can be reached here: a program with micromamba's calls stands in for it, and keeps the file it got."""
    folder = tmp_path / "stand-in"
    folder.mkdir()
    (folder / "micromamba").write_text(_MICROMAMBA)
    (folder / "micromamba").chmod(0o755)
    (folder / "Dockerfile").write_text(f"FROM {SMALL}\nCOPY micromamba /bin/micromamba\n")
    list(connection.api.build(path=str(folder), tag="reconciler-test/micromamba:1", decode=True, rm=True))
    builder = make_builder(micromamba="reconciler-test/micromamba:1")
    image = builder.build(conda_spec("iniconfig==2.0.0", packages=("libgomp=13",), image=SMALL), log)
    seen = said(connection, image, "cat", "/opt/reconciler/environment/seen")
    assert "- conda-forge" in seen
    assert "- libgomp=13" in seen
    assert "- iniconfig==2.0.0" in seen
    assert said(connection, image, "tool") == "create\n"


_MICROMAMBA = """\
#!/bin/sh
[ "$4" = --prefix ] && [ "$6" = --file ] || exit 2
mkdir -p "$5/bin"
cp "$7" "$5/seen"
printf "#!/bin/sh\\necho $1\\n" > "$5/bin/tool"
chmod +x "$5/bin/tool"
"""


def test_an_image_of_a_known_digest_is_not_built_again(
    builder: ImageBuilder, images: Images, log: Path, tmp_path: Path
) -> None:
    spec = context_spec(tmp_path / "context", f"FROM {SMALL}\nRUN cat /proc/sys/kernel/random/uuid > /once\n")
    first = builder.build(spec, log)
    renamed = replace(spec, name="renamed", version="2.0.0")
    assert builder.location(renamed) is None
    assert builder.build(renamed, log) == first
    assert images.id_of(tag(renamed)) == first
    images.remove(tag(renamed))


def test_an_image_that_somebody_deleted_is_missed_and_built_again(
    builder: ImageBuilder, connection: Connection, log: Path, tmp_path: Path
) -> None:
    spec = context_spec(tmp_path / "context", f"FROM {SMALL}\nRUN echo 1 > /one\n")
    connection.api.remove_image(builder.build(spec, log), force=True)
    assert builder.location(spec) is None
    again = builder.build(spec, log)
    assert builder.location(spec) == again


def test_a_failed_build_names_the_instruction_its_status_and_the_end_of_its_log(
    builder: ImageBuilder, log: Path, tmp_path: Path
) -> None:
    spec = context_spec(tmp_path / "context", f"FROM {SMALL}\nRUN echo looking; echo no such package; exit 7\n")
    with pytest.raises(EnvironmentBuildError) as failed:
        builder.build(spec, log)
    first = failed.value.message.splitlines()[0]
    assert first.startswith("environment `own` cannot be built: `RUN echo looking; echo no such package; exit 7`")
    assert "ended with status 7" in first
    assert "no such package" in failed.value.message.partition("\n")[2]
    assert builder.location(spec) is None


def test_a_base_image_that_nobody_has_is_named(builder: ImageBuilder, log: Path, tmp_path: Path) -> None:
    spec = context_spec(tmp_path / "context", "FROM localhost:1/no/such:1\n")
    with pytest.raises(EnvironmentBuildError, match="`localhost:1/no/such:1` cannot be had"):
        builder.build(spec, log)


def test_build_arguments_of_the_operator_reach_a_dockerfile_that_does_not_declare_them(
    make_builder: MakeBuilder, connection: Connection, log: Path, tmp_path: Path
) -> None:
    arguments = {"PIP_INDEX_URL": "https://index.example.org/simple"}
    told = make_builder(arguments=arguments)
    spec = context_spec(tmp_path / "context", f"FROM {SMALL}\nRUN echo $PIP_INDEX_URL > /index\n")
    assert said(connection, told.build(spec, log), "cat", "/index") == "https://index.example.org/simple\n"


def test_build_secrets_are_read_by_buildkit_and_refused_to_the_classic_builder(
    make_builder: MakeBuilder, connection: Connection, log: Path, tmp_path: Path, backend: str
) -> None:
    (tmp_path / "token").write_text("hunter2")
    secrets = (BuildSecret("token", file=str(tmp_path / "token"), target="/root/.netrc"),)
    trusted = make_builder(secrets=secrets)
    dockerfile = f"FROM {SMALL}\nRUN --mount=type=secret,id=token wc -c < /run/secrets/token > /length\n"
    spec = context_spec(tmp_path / "context", dockerfile)
    if backend == "classic":
        with pytest.raises(EnvironmentBuildError, match="needs BuildKit"):
            trusted.build(spec, log)
        with pytest.raises(EnvironmentBuildError, match="build secrets"):
            trusted.build(conda_spec("iniconfig"), log)
        return
    image = trusted.build(spec, log)
    assert said(connection, image, "cat", "/length").strip() == "7"
    assert said(connection, image, "ls", "/run/secrets/token").strip() != "/run/secrets/token"
    assert "hunter2" not in str(connection.api.history(image)) + log.read_text()


def test_leftovers_are_the_images_that_nothing_needs_and_no_others(
    builder: ImageBuilder, make_builder: MakeBuilder, log: Path, tmp_path: Path, connection: Connection
) -> None:
    kept = context_spec(tmp_path / "kept", f"FROM {SMALL}\nRUN echo kept > /it\n", name="kept")
    old = context_spec(tmp_path / "old", f"FROM {SMALL}\nRUN echo old > /it\n", name="old")
    foreign = context_spec(tmp_path / "foreign", f"FROM {SMALL}\nRUN echo foreign > /it\n", name="foreign")
    builder.build(kept, log)
    builder.build(old, log)
    image = make_builder(state="another-state").build(foreign, log)
    leftovers = {leftover.name: leftover for leftover in builder.leftovers(Needed(frozenset({kept.digest})))}
    assert tag(old) in leftovers
    assert not {tag(kept), tag(foreign)} & set(leftovers)
    assert builder.remove(leftovers[tag(old)])
    assert builder.location(old) is None
    connection.api.remove_image(image, force=True)
