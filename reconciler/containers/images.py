"""The images of an engine: found, pulled, pinned, tagged, pushed and removed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reconciler.containers.connection import Connection, NotThereError, explained
from reconciler.model.configuration import RegistryLogin
from reconciler.model.errors import EngineError, EngineGoneError
from reconciler.model.image_names import ImageName, parse_image_name

BASE = "reconciler/base"
Say = Callable[[str], object]


class Images:
    """What an engine holds, and the registries behind it."""

    def __init__(self, connection: Connection, logins: Mapping[str, RegistryLogin]) -> None:
        self._connection = connection
        self._logins = logins

    def id_of(self, name: str) -> str | None:
        """The id of an image of the engine, None where it has none of that name."""
        found = self._inspect(name)
        return found["Id"] if found else None

    def label_of(self, name: str, label: str) -> str:
        """A label of an image, "" where it has none."""
        found = self._inspect(name) or {}
        return str(((found.get("Config") or {}).get("Labels") or {}).get(label, ""))

    def resolve(self, name: str) -> str:
        """What a name means at this moment: `python@sha256:…`, or the id of an image that is in no registry.

        What the engine has counts first, so that an image that was built or imported there is found.

        Raises:
            EngineError: neither the engine nor the registry knows it, or neither can be reached.
        """
        parsed = _parsed(name)
        if parsed.digest:
            return f"{parsed.repository}@{parsed.digest}"
        found = self._inspect(name)
        if found is not None:
            known = (digest for digest in found.get("RepoDigests") or () if _is_of(digest, parsed))
            return next(known, str(found["Id"]))
        try:
            with explained(name):
                said = self._connection.api.inspect_distribution(name, auth_config=self._login(parsed))
        except EngineGoneError:
            raise
        except EngineError as error:
            raise _unknown(name, error) from error
        return f"{parsed.repository}@{said['Descriptor']['digest']}"

    def fetch(self, pinned: str, name: str, say: Say) -> str:
        """Have the engine hold what a name was pinned to, and return its id.

        Raises:
            EngineError: it cannot be pulled, or was never in a registry and is gone.
        """
        known = self.id_of(pinned)
        if known is not None:
            return known
        if pinned.startswith("sha256:"):
            hint = "import or build it again, or have names resolved anew with `reconciler reconcile --refresh-images`"
            raise EngineError(f"the image {pinned[:19]}…, which `{name}` stood for, is gone", place=name, hint=hint)
        self.pull(pinned, say)
        pulled = self.id_of(pinned)
        if pulled is None:
            raise EngineError(f"the image `{pinned}` was pulled, but is not there", place=name, hint="pull it by hand")
        return pulled

    def pull(self, name: str, say: Say) -> None:
        """Pull an image; `say` hears of each layer.

        Raises:
            EngineError: the registry has none of that name, refuses, or cannot be reached.
        """
        try:
            with explained(name):
                login = self._login(_parsed(name))
                _follow(self._connection.api.pull(name, stream=True, decode=True, auth_config=login), name, say)
        except EngineGoneError:
            raise
        except EngineError as error:
            raise _unknown(name, error) from error

    def push(self, image: str, name: str, say: Say) -> None:
        """Keep an image in a registry under a name.

        Raises:
            EngineError: the registry refuses, or cannot be reached.
        """
        self.tag(image, name)
        parsed = _parsed(name)
        with explained(name):
            stream = self._connection.api.push(
                parsed.repository, parsed.tag, stream=True, decode=True, auth_config=self._login(parsed)
            )
            _follow(stream, name, say)

    def tag(self, image: str, name: str) -> None:
        """Give an image one more name."""
        repository, _, tag = name.rpartition(":")
        with explained(name):
            self._connection.api.tag(image, repository, tag, force=True)

    def tag_base(self, image: str) -> str:
        """A name by which builds find an image that others build on, whatever its own names mean tomorrow."""
        name = f"{BASE}:{image.removeprefix('sha256:')[:12]}"
        self.tag(image, name)
        return name

    def with_label(self, label: str, value: str = "") -> list[dict[str, Any]]:
        """The images that bear a label, the newest first; each with `Id`, `RepoTags`, `Labels` and `Size`."""
        wanted = f"{label}={value}" if value else label
        with explained(self._connection.host):
            found: list[dict[str, Any]] = self._connection.api.images(filters={"label": [wanted]})
        return sorted(found, key=lambda image: -int(image["Created"]))

    def named(self, repository: str) -> list[dict[str, Any]]:
        """The images whose names fit a pattern such as `reconciler/base`."""
        with explained(self._connection.host):
            found: list[dict[str, Any]] = self._connection.api.images(filters={"reference": [repository]})
        return found

    def remove(self, name: str) -> bool:
        """Take a name from an image, and the image away with its last name; False where something still uses it."""
        try:
            with explained(name):
                self._connection.api.remove_image(name)
        except NotThereError:
            return True
        except EngineGoneError:
            raise
        except EngineError:
            return False
        return True

    def _inspect(self, name: str) -> dict[str, Any] | None:
        try:
            with explained(name):
                found: dict[str, Any] = self._connection.api.inspect_image(name)
                return found
        except NotThereError:
            return None

    def _login(self, name: ImageName) -> dict[str, str] | None:
        """The credentials of the configuration; without them the SDK looks into Docker's own."""
        login = self._logins.get(name.registry)
        return {"username": login.username, "password": login.password} if login else None


def _parsed(name: str) -> ImageName:
    try:
        return parse_image_name(name)
    except ValueError as error:
        hint = "write `python:3.11-slim` or `registry.example.org/ml/base:1.0`"
        raise EngineError(str(error), place=name, hint=hint) from error


def _unknown(name: str, error: EngineError) -> EngineError:
    hint = "is the name right, and does the configuration hold credentials for its registry (`docker.registries`)?"
    return EngineError(f"the image `{name}` cannot be had: {error.message}", place=name, hint=hint)


def _is_of(digest: str, name: ImageName) -> bool:
    return _plain(digest.partition("@")[0]) == _plain(name.repository)


def _plain(repository: str) -> str:
    return repository.removeprefix("docker.io/").removeprefix("library/")


def _follow(stream: Iterable[Mapping[str, Any]], place: str, say: Say) -> None:
    """Hear a pull or push out: an engine answers with 200 first and tells of its failure afterwards."""
    last: dict[str, str] = {}
    for event in stream:
        if "error" in event:
            raise EngineError(str(event["error"]).strip(), place=place, hint="see the log")
        layer, status = str(event.get("id", "")), str(event.get("status", ""))
        if status and last.get(layer) != status:
            last[layer] = status
            say(f"{layer}: {status}" if layer else status)
