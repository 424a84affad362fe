"""What code finds in an environment: Python, packages and the image beneath, as its files ask for them."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Sequence

from reconciler.model.image_names import parse_image_name
from reconciler.model.interfaces import EnvironmentInterface
from reconciler.model.manifests import Environment
from reconciler.planning.named_files import NamedFiles, Readers
from reconciler.planning.packages import PYTHON, Asked, asked_by_command, asked_by_conda, asked_by_requirements
from reconciler.planning.pins import image_release, said_of_pin

_MOST_LISTS = 50  # files that list packages, each naming the next


def environment_interface(environment: Environment, files: NamedFiles, readers: Readers) -> EnvironmentInterface:
    """The interface of an environment, read off its conda file, or off its Dockerfile and what that installs from."""
    packages = _Packages(environment, files, readers)
    image = environment.image or ""
    if environment.build_path is not None:
        image = packages.add_dockerfile(environment.build_path, environment.dockerfile or "Dockerfile")
    elif environment.conda is not None:
        packages.add(asked_by_conda(json.loads(environment.conda)), [""])
    elif environment.conda_file is not None:
        packages.add_file(environment.conda_file, is_conda=True)
    known = {name: " | ".join(sorted(pins)) for name, pins in packages.pins.items()}
    python = said_of_pin(known.pop(PYTHON, "")) or _python_of(image)
    return EnvironmentInterface(python or None, known if packages.is_whole else None, (image,) if image else ())


class _Packages:
    """What the files of an environment ask for, gathered.

    Attributes:
        pins: what packages are pinned to; more than one where several places name the same.
        is_whole: False once a file that names packages cannot be read.
    """

    def __init__(self, environment: Environment, files: NamedFiles, readers: Readers) -> None:
        self._environment = environment
        self._files = files
        self._readers = readers
        self._seen: set[str] = set()
        self.pins: dict[str, set[str]] = {}
        self.is_whole = True

    def add_dockerfile(self, context: str, dockerfile: str) -> str:
        """Add what its commands install; the image that it builds on, "" for none that is known."""
        path = posixpath.join(context, dockerfile)
        content = self._files.document(path)
        if not content:
            self.is_whole = False
            return ""
        image, commands = self._readers.dockerfile(content.decode("utf-8-sig", errors="replace"))
        folders = list(dict.fromkeys((context, posixpath.dirname(path))))
        for command in commands:
            self.add(asked_by_command(command), folders)
        return image

    def add(self, asked: Asked | None, folders: Sequence[str]) -> None:
        """Add what one place asks for, and what the files ask for that it names; those lie in one of the folders."""
        if asked is None:
            self.is_whole = False
            return
        for name, pin in asked.packages:
            self.pins.setdefault(name, set()).add(pin)
        for file in asked.files:
            # an image has its files elsewhere than the context, mostly by the same name
            self.add_file(
                *(posixpath.join(each, name) for name in (file, posixpath.basename(file)) for each in folders)
            )

    def add_file(self, *paths: str, is_conda: bool = False) -> None:
        """Add what the first of these paths that is there asks for: a conda file, or a list of requirements."""
        for path in map(posixpath.normpath, paths):
            if path in self._seen:
                return
            content = self._files.document(path)
            if content is None:
                continue
            self._seen.add(path)
            if not content or len(self._seen) > _MOST_LISTS:
                break
            if is_conda or path.lower().endswith((".yaml", ".yml")):
                asked = asked_by_conda(self._readers.yaml(content))
            else:
                asked = asked_by_requirements(content.decode("utf-8-sig", errors="replace"))
            self.add(asked, [posixpath.dirname(path)])
            return
        self.is_whole = False


def _python_of(image: str) -> str:
    """The Python of an image that is named for it, as `python:3.11-slim`."""
    try:
        name = parse_image_name(image)
    except ValueError:
        return ""
    numbers = image_release(name.tag or "") if posixpath.basename(name.repository) == PYTHON else None
    return ".".join(map(str, numbers or ()))
