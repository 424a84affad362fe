"""Environments as images of a Docker engine: someone else's, one's own Dockerfile, or a conda file on top of either."""

from __future__ import annotations

import platform
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from reconciler.containers import labels
from reconciler.containers.connection import Connection
from reconciler.containers.images import BASE, Images
from reconciler.environments.base import EnvironmentSpec, Leftover, Needed
from reconciler.environments.build_context import write_context
from reconciler.environments.build_lock import locked
from reconciler.environments.conda_file import read_conda_file
from reconciler.environments.dockerfile import base_images, needs_buildkit, pinned
from reconciler.environments.generated_dockerfile import Generated, default_base, with_micromamba, with_uv
from reconciler.environments.image_build import (
    DOCKERFILE,
    Backend,
    BuildFailedError,
    Order,
    choose_backend,
)
from reconciler.model.configuration import DockerSettings
from reconciler.model.errors import EngineError, EnvironmentBuildError
from reconciler.model.image_names import image_tag
from reconciler.state.log_tail import log_tail

_TAIL_LINES = 15


class ImageBuilder:
    """Builds an image per digest. Its tag is set last: an image that has it is whole, and pushed where it must be.

    Args:
        folder: for the locks.
        state_id: marks the images as those of one state.
    """

    engine = "docker"

    def __init__(self, connection: Connection, settings: DockerSettings, folder: Path, state_id: str) -> None:
        self._connection = connection
        self._settings = settings
        self._folder = folder
        self._state_id = state_id
        self.images = Images(connection, settings.registries)

    def location(self, spec: EnvironmentSpec) -> str | None:
        """See `EnvironmentBuilder.location`: the id of the image."""
        return self.images.id_of(_tag(spec))

    def build(self, spec: EnvironmentSpec, log: Path) -> str:
        """See `EnvironmentBuilder.build`; two processes that need the same one build it once."""
        with locked(self._folder / f"{spec.digest[:12]}.lock"):
            known = self.location(spec)
            if known is not None:
                return known
            log.write_bytes(b"")
            say = _writer(log)
            try:
                image = self._made(spec, log, say)
            except EngineError as error:
                say(f"error: {error}")
                raise _cannot(spec, log, error.message, error.hint) from error
            self.images.tag(image, _tag(spec))
            return image

    def broken(self, _: EnvironmentSpec) -> str:
        """See `EnvironmentBuilder.broken`: an image is whole or not there."""
        return ""

    def discard(self, _: EnvironmentSpec) -> None:
        """See `EnvironmentBuilder.discard`: none is ever broken."""

    def notes(self, spec: EnvironmentSpec) -> list[str]:
        """See `EnvironmentBuilder.notes`."""
        if spec.conda is None:
            return []
        conda = read_conda_file(spec.conda, spec.name)
        return [f"not honoured, indexes are the machine's: {option}" for option in conda.options]

    def leftovers(self, needed: Needed) -> list[Leftover]:
        """See `EnvironmentBuilder.leftovers`; what other states have on the same engine is left alone."""
        kept, known = ({digest[:12] for digest in digests} for digests in (needed.digests, needed.known_digests))
        found: dict[str, int] = {}
        for image in self.images.named("reconciler/*"):
            stands_for = {image["Id"], *(image.get("RepoDigests") or ())}
            for name in image.get("RepoTags") or ():
                if name.startswith(f"{BASE}:"):
                    is_superfluous = bool(stands_for & needed.known_pins) and not stands_for & needed.pins
                else:
                    digest = name.rpartition("-")[2]
                    is_superfluous = digest not in kept and (digest in known or self._is_ours(image))
                if is_superfluous:
                    found[name] = int(image["Size"])
        return [Leftover(name, size) for name, size in sorted(found.items())]

    def remove(self, leftover: Leftover) -> bool:
        """See `EnvironmentBuilder.remove`."""
        return self.images.remove(leftover.name)

    def _is_ours(self, image: Mapping[str, Any]) -> bool:
        return bool((image.get("Labels") or {}).get(labels.STATE) == self._state_id)

    def _made(self, spec: EnvironmentSpec, log: Path, say: Callable[[str], object]) -> str:
        """The image, taken from where it is or built, and pushed."""
        if spec.conda is None and spec.context_folder is None:
            name = spec.image or ""
            say(f"taking {name} as {self._pin(spec, name)}")
            return self.images.fetch(self._pin(spec, name), name, say)
        known = self._known(spec, say)
        if known is not None:
            return known
        image = self._built(spec, log, say)
        if self._settings.push:
            say(f"pushing {self._pushed(spec)}")
            self.images.push(image, self._pushed(spec), say)
        return image

    def _known(self, spec: EnvironmentSpec, say: Callable[[str], object]) -> str | None:
        """An image of the same digest: under another name or version here, or in the registry."""
        for image in self.images.with_label(labels.DIGEST, spec.digest):
            say(f"the image of this digest is there already: {image['Id']}")
            if self._settings.push:
                self.images.push(image["Id"], self._pushed(spec), say)
            return str(image["Id"])
        if not self._settings.push:
            return None
        try:
            self.images.pull(self._pushed(spec), say)
        except EngineError:
            return None
        if self.images.label_of(self._pushed(spec), labels.DIGEST) != spec.digest:
            return None
        return self.images.id_of(self._pushed(spec))

    def _built(self, spec: EnvironmentSpec, log: Path, say: Callable[[str], object]) -> str:
        for note in self.notes(spec):
            say(f"note: {note}")
        backend = choose_backend(self._connection, self._settings.build)
        generated = self._recipe(spec, backend)
        names = base_images(generated.dockerfile, self._settings.build.arguments)
        tags = {name: self._base(spec, name, say) for name in names}
        text = pinned(generated.dockerfile, tags, self._settings.build.arguments)
        with tempfile.TemporaryFile() as archive:
            files = {**generated.files, DOCKERFILE: text.encode()}
            write_context(archive, spec.context_folder, files, spec.dockerfile or "Dockerfile")
            try:
                return backend.build(Order(archive, self._labels(spec), log))
            except BuildFailedError as failure:
                where = f": `{failure.instruction}`" if failure.instruction else ":"
                raise _cannot(spec, log, f"{where} {failure}", "mend the instruction, or what it installs") from failure

    def _recipe(self, spec: EnvironmentSpec, backend: Backend) -> Generated:
        """The Dockerfile, one's own or generated, and the files that it needs beside the context."""
        build = self._settings.build
        if spec.context_folder is not None:
            path = spec.context_folder / (spec.dockerfile or "Dockerfile")
            text = path.read_text(encoding="utf-8", errors="replace")
            if needs_buildkit(text) and not backend.keeps_secrets:
                hint = "install `docker-buildx` beside the `docker` program"
                message = f"the Dockerfile of `{spec.name}` needs BuildKit, and no client of it is installed"
                raise EnvironmentBuildError(message, place=spec.name, hint=hint)
            return Generated(text, {})
        if any(secret.target for secret in build.secrets) and not backend.keeps_secrets:
            hint = "install `docker-buildx` beside the `docker` program: secrets need BuildKit"
            message = f"the classic builder cannot give `{spec.name}` its build secrets"
            raise EnvironmentBuildError(message, place=spec.name, hint=hint)
        conda = read_conda_file(spec.conda or {}, spec.name)
        base = spec.image or default_base(conda)
        if conda.packages:
            return with_micromamba(base, conda, spec.conda or {}, build)
        ours = f"{sys.version_info.major}.{sys.version_info.minor}"
        return with_uv(base, conda, self._uv(), build, ours)

    def _uv(self) -> Path | str:
        """Our own uv where it runs in the engine's containers, else the image of the same version."""
        import uv

        machine = str(self._connection.info().get("Architecture", ""))
        if sys.platform == "linux" and machine == platform.machine():
            return Path(uv.find_uv_bin())
        from importlib.metadata import version

        return f"ghcr.io/astral-sh/uv:{version('uv')}"

    def _base(self, spec: EnvironmentSpec, name: str, say: Callable[[str], object]) -> str:
        """A name by which the build finds a base image as it was pinned."""
        return self.images.tag_base(self.images.fetch(self._pin(spec, name), name, say))

    def _pin(self, spec: EnvironmentSpec, name: str) -> str:
        """What a name was pinned to.

        Raises:
            EngineError: it could not be resolved; says why.
        """
        return spec.bases.get(name) or self.images.resolve(name)

    def _labels(self, spec: EnvironmentSpec) -> dict[str, str]:
        given = {
            labels.TITLE: spec.name,
            labels.VERSION: spec.version or "",
            labels.SOURCE: spec.source,
            labels.REVISION: spec.revision,
            labels.CREATED: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            labels.ENVIRONMENT: spec.name,
            labels.DIGEST: spec.digest,
            labels.STATE: self._state_id,
        }
        return {name: value for name, value in given.items() if value}

    def _pushed(self, spec: EnvironmentSpec) -> str:
        return f"{self._settings.push}/{_tag(spec).removeprefix('reconciler/')}"


def _tag(spec: EnvironmentSpec) -> str:
    return image_tag(spec.name, spec.version, spec.digest)


def _writer(log: Path) -> Callable[[str], object]:
    def say(line: str) -> None:
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    return say


def _cannot(spec: EnvironmentSpec, log: Path, why: str, hint: str | None) -> EnvironmentBuildError:
    what = why if why.startswith(":") else f": {why}"
    message = f"environment `{spec.name}` cannot be built{what}; the end of its log:\n{log_tail(log, _TAIL_LINES)}"
    return EnvironmentBuildError(message, place=str(log), hint=hint)
