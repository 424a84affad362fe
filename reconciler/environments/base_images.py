"""The images that environments build on, each pinned to what its name meant when it was first needed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

from reconciler.environments.conda_file import CondaFile, read_conda_file
from reconciler.environments.dockerfile import base_images
from reconciler.environments.generated_dockerfile import default_base
from reconciler.manifests import yaml_reader
from reconciler.model.configuration import BuildSettings
from reconciler.model.desired import Desired
from reconciler.model.errors import EngineError, EnvironmentBuildError
from reconciler.model.steps import EnvironmentSpec
from reconciler.planning.environment_specs import environment_spec
from reconciler.planning.environments import environments_in
from reconciler.planning.repository_paths import Unresolved

_AT_ONCE = 8
_FORGET_SECONDS = 30.0
Read = Callable[[str], bytes]


class Pins(Protocol):
    """What names of images were pinned to."""

    def all(self) -> Mapping[str, str]: ...

    def save(self, name: str, pinned: str) -> None: ...


class ImageResolver(Protocol):
    """Says what the name of an image means at this moment."""

    def resolve(self, name: str) -> str: ...


class BaseImages:
    """Pins the images of environments; what cannot be resolved at the moment stays without a pin.

    Args:
        resolver: None where only what is pinned already is to be known, as for a plan.
    """

    def __init__(self, pins: Pins, resolver: ImageResolver | None, settings: BuildSettings) -> None:
        self._pins = pins
        self._resolver = resolver
        self._settings = settings
        self._names: dict[str, tuple[str, ...]] = {}
        self._failed: dict[str, tuple[float, str]] = {}

    def as_pinned(self) -> BaseImages:
        """The same, for those who want nothing pinned for their sake."""
        return BaseImages(self._pins, None, self._settings)

    def of(self, recipes: Iterable[EnvironmentSpec], read: Read) -> dict[str, tuple[tuple[str, str], ...]]:
        """The names of base images with their pins, "" for none, by the recipe of the environment."""
        names: dict[str, tuple[str, ...]] = {}
        for spec in recipes:
            if spec.recipe not in self._names:
                self._names[spec.recipe] = names_of(spec, read, self._settings)
            names[spec.recipe] = self._names[spec.recipe]
        pins = self._pinned({name for several in names.values() for name in several})
        return {recipe: tuple((name, pins.get(name, "")) for name in several) for recipe, several in names.items()}

    def _pinned(self, names: set[str]) -> Mapping[str, str]:
        known = dict(self._pins.all())
        now = time.monotonic()
        unknown = [
            name
            for name in sorted(names - known.keys())
            if now - self._failed.get(name, (-1e9, ""))[0] > _FORGET_SECONDS
        ]
        if self._resolver is None or not unknown:
            return known
        with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="image") as threads:
            for name, pinned in zip(unknown, threads.map(self._resolve, unknown), strict=True):
                if pinned:
                    self._pins.save(name, pinned)
                    known[name] = pinned
        return known

    def _resolve(self, name: str) -> str:
        try:
            return self._resolver.resolve(name) if self._resolver else ""
        except EngineError as error:
            self._failed[name] = (time.monotonic(), str(error))
            return ""


class Readable(Protocol):
    """Gives the content of objects."""

    def read(self, oid: str) -> bytes: ...


def with_bases(desired: Desired, base_images: BaseImages | None, objects: Readable) -> Desired:
    """The desired state with the images that its environments build on; as it is for an engine without images."""
    if base_images is None:
        return desired
    recipes: dict[str, EnvironmentSpec] = {}
    for environment in environments_in(desired):
        try:
            spec = environment_spec(environment, desired)
        except Unresolved:
            continue  # told as a problem of the manifest
        recipes.setdefault(spec.recipe, spec)
    return replace(desired, bases=base_images.of(recipes.values(), objects.read))


def names_of(spec: EnvironmentSpec, read: Read, settings: BuildSettings) -> tuple[str, ...]:
    """The images that an environment is made from; none where its files cannot be read, which its build will tell."""
    try:
        if spec.dockerfile_blob is not None:
            return base_images(read(spec.dockerfile_blob).decode("utf-8", errors="replace"), settings.arguments)
        conda = _conda(spec, read)
    except EnvironmentBuildError:
        return ()
    return names_for(spec.image, conda, settings)


def names_for(image: str | None, conda: CondaFile | None, settings: BuildSettings) -> tuple[str, ...]:
    """The images behind `image:`, `conda_file:` or both."""
    if conda is None:
        return (image,) if image else ()
    base = image or default_base(conda)
    return (base, settings.micromamba) if conda.packages else (base,)


def _conda(spec: EnvironmentSpec, read: Read) -> CondaFile | None:
    if spec.conda is not None:
        return read_conda_file(json.loads(spec.conda), spec.name)
    if spec.conda_blob is None:
        return None
    document = yaml_reader.read(read(spec.conda_blob), spec.file)
    value = document.values[0] if document.values else None
    return read_conda_file(value if isinstance(value, dict) else {}, spec.name)
