"""A revision whose manifests are asked for what they promise."""

from __future__ import annotations

import json
from typing import Any

from reconciler.environments.interface_files import READERS
from reconciler.model.desired import Desired
from reconciler.planning.interfaces import files_of_interface, interface_of

from .history import Files, History


class Repository:
    """One revision, whose files are read as far as they are asked for.

    Attributes:
        read: the paths that were read, in rounds.
    """

    def __init__(self, files: Files) -> None:
        self._history = History()
        self.desired = self._history.revision(files)
        self._paths = {entry.oid: path for path, entry in self.desired.snapshot.entries.items()}
        self.read: list[list[str]] = []

    def interface(self, file: str, desired: Desired | None = None) -> Any:
        """The interface of a manifest as plain data, "" where nothing is known of it."""
        desired = desired or self.desired
        manifest = desired.manifests[file]
        contents: dict[str, bytes] = {}
        while wanted := files_of_interface(manifest, desired, READERS, contents):
            self.read.append(sorted(self._paths[each.place] for each in wanted))
            found = self._history.read_many([each.place for each in wanted])
            contents |= {each.place: found[each.place][: each.most] for each in wanted}
        text = interface_of(manifest, desired, READERS, contents)
        return json.loads(text) if text else ""
