"""The folder of one execution: where its inputs lie, a place for each output, the code beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from reconciler.model.errors import StepError
from reconciler.model.steps import CodeFolder, DataSource, Definition, InputSource
from reconciler.source.local_data import DigestCache, local_digest
from reconciler.state.folder import StateFolder
from reconciler.state.outputs import Outputs, remove

GIT = "git:"


class Objects(Protocol):
    """Content of a repository by object id."""

    def read(self, oid: str) -> bytes: ...

    def export_tree(self, tree_oid: str, destination: Path) -> None: ...

    def export_file(self, blob_oid: str, destination: Path) -> None: ...


@dataclass(frozen=True, slots=True)
class Layout:
    """What lies where.

    Attributes:
        contents: the contents of the inputs by their paths below the root.
        inputs: paths as the step sees them by name; so are `outputs`.
    """

    contents: Mapping[str, Path]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


class Workspace:
    """Lays out what a step gets and takes in what it leaves."""

    def __init__(self, folder: StateFolder, outputs: Outputs, local_digests: DigestCache) -> None:
        self._folder = folder
        self._outputs = outputs
        self._local_digests = local_digests

    def task_folder(self, run_id: str, step: str, trial: str) -> Path:
        return self._folder.work / run_id / (f"{step}.{trial}" if trial else step)

    def log_path(self, run_id: str, step: str, trial: str) -> Path:
        return self._folder.logs / "runs" / run_id / (f"{step}.{trial}.log" if trial else f"{step}.log")

    def code_folder(self, code: CodeFolder | None, objects: Objects) -> Path | None:
        """The code, exported once per tree."""
        if code is None:
            return None
        destination = self._folder.code / code.tree
        if not destination.exists():
            objects.export_tree(code.tree, destination)
        return destination

    def content_path(self, source: InputSource, digest: str, objects: Objects) -> Path:
        """Where the content of an input lies.

        Raises:
            StepError: it is not there any more, or a local file has changed since it was planned with.
        """
        if isinstance(source, DataSource):
            return self._data_path(source, objects)
        path = self._outputs.path(digest)
        if not self._outputs.has(digest):
            message = f"output `{source.output}` of `{source.step}` is gone from the store"
            raise StepError(message, hint="reconcile again: the step that makes it will run")
        return path

    def _data_path(self, source: DataSource, objects: Objects) -> Path:
        if source.local is not None:
            return self._local_path(source.local, source.digest)
        destination = self._outputs.path(f"git-{source.oid}")
        if not destination.exists():
            destination.parent.mkdir(parents=True, exist_ok=True)
            export = objects.export_tree if source.is_folder else objects.export_file
            export(source.oid or "", destination)
        return destination

    def _local_path(self, named: str, planned: str) -> Path:
        path = Path(named).resolve()
        try:
            is_as_planned = local_digest(path, self._local_digests) == planned
        except OSError as error:
            message = f"the data cannot be read: {error.strerror or error}"
            raise StepError(message, place=named, hint="put it back, then reconcile again") from error
        if not is_as_planned:
            message = "the data has changed since the run was planned with it"
            raise StepError(message, place=named, hint="reconcile again: the step runs with what is there now")
        return path

    def lay_out(
        self, folder: Path, root: Path, definition: Definition, inputs: Mapping[str, tuple[InputSource, Path]]
    ) -> Layout:
        """Make the folder anew, with an empty folder for each output that is one.

        Args:
            root: where the step sees the folder.
            inputs: where each comes from and where its content lies.
        """
        remove(folder)
        (folder / "outputs").mkdir(parents=True)
        for name, kind in definition.outputs:
            if kind != "uri_file":
                (folder / "outputs" / name).mkdir()
        places = {name: _place(name, source) for name, (source, _) in inputs.items()}
        return Layout(
            {places[name]: content for name, (_, content) in inputs.items()},
            {name: str(root / place) for name, place in places.items()},
            {name: str(root / "outputs" / name) for name, _ in definition.outputs},
        )

    def take_in(self, folder: Path, definition: Definition) -> dict[str, str]:
        """The outputs' digests by name, their content moved into the store.

        Raises:
            StepError: an output was not written, or is of the wrong kind.
        """
        digests = {}
        for name, kind in definition.outputs:
            path = folder / "outputs" / name
            if not os.path.lexists(path):
                hint = f"write it to `${{{{outputs.{name}}}}}`"
                raise StepError(f"the output `{name}` was not written", hint=hint)
            if kind == "uri_file" and path.is_dir():
                raise StepError(f"the output `{name}` is declared as a file, a folder was written", hint="write a file")
            digests[name] = self._outputs.store(path)
        return digests

    def clear(self, folder: Path) -> None:
        remove(folder)


def _place(name: str, source: InputSource) -> str:
    """Where an input lies below the root; a file of the repository keeps its own name, which some readers go by."""
    if isinstance(source, DataSource) and not source.is_folder:
        return f"inputs/{name}/{PurePosixPath(source.path).name}"
    return f"inputs/{name}"
