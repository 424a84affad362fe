"""The folder of one execution: where its inputs lie, a place for each output, the code beside it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from reconciler.model.commands import expressions_in
from reconciler.model.data_paths import file_name
from reconciler.model.errors import StepError
from reconciler.model.snapshot import Entry
from reconciler.model.steps import CodeFolder, DataSource, Definition, InputSource
from reconciler.source.local_data import DigestCache, local_digest
from reconciler.source.remote_data import RemoteStore
from reconciler.state.folder import StateFolder
from reconciler.state.outputs import Outputs, digest_of_path, remove

GIT = "git:"
ARTIFACT_FOLDERS = ("outputs", "logs")
DEFAULT_OUTPUT = "artifacts"
_UNFINISHED = "unfinished"


class Objects(Protocol):
    """Content of a repository by object id."""

    def read(self, oid: str) -> bytes: ...

    def export_tree(self, tree_oid: str, destination: Path) -> None: ...

    def export_entries(self, entries: Mapping[str, Entry], destination: Path) -> None: ...

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

    def __init__(
        self, folder: StateFolder, outputs: Outputs, local_digests: DigestCache, remote: RemoteStore | None = None
    ) -> None:
        self._folder = folder
        self._outputs = outputs
        self._local_digests = local_digests
        self._remote = remote

    def task_folder(self, run_id: str, step: str, trial: str) -> Path:
        return self._folder.work / run_id / (f"{step}.{trial}" if trial else step)

    def log_path(self, run_id: str, step: str, trial: str) -> Path:
        return self._folder.logs / "runs" / run_id / (f"{step}.{trial}.log" if trial else f"{step}.log")

    def code_folder(self, code: CodeFolder | None, objects: Objects) -> Path | None:
        """The code, exported once per tree."""
        if code is None:
            return None
        destination = self._folder.code / code.tree
        if not destination.exists() and code.entries is not None:
            objects.export_entries(code.entries, destination)
        elif not destination.exists():
            objects.export_tree(code.tree, destination)
        return destination

    def working_directory(self, folder: Path, code: Path | None) -> Path:
        """A copy of the code in the task's folder, its own to write to, with places for what it leaves beside outputs.

        The code itself is shared by all that runs it, and stays as it was committed.
        """
        directory = folder / "code"
        if code is not None:
            shutil.copytree(code, directory, symlinks=True, copy_function=_copy_writable)
        for name in ARTIFACT_FOLDERS:
            if not os.path.lexists(directory / name):
                (directory / name).mkdir(parents=True)
        return directory

    def writable_in(self, directory: Path, code: CodeFolder | None) -> tuple[Path, ...]:
        """What a step may write to in its working directory: all of it only where that holds no code."""
        return (directory,) if code is None else tuple(directory / name for name in ARTIFACT_FOLDERS)

    def content_path(self, source: InputSource, digest: str, objects: Objects) -> Path:
        """Where the content of an input lies.

        Raises:
            StepError: it is not there any more, or data outside of Git has changed since it was planned with.
        """
        if isinstance(source, DataSource) and not source.is_kept:
            return self._data_path(source, objects)
        path = self._outputs.path(digest)
        if not self._outputs.has(digest):
            named = source.label if isinstance(source, DataSource) else f"output `{source.output}` of `{source.step}`"
            hint = "reconcile again: the step that makes it will run"
            raise StepError(f"{named} is gone from the store", hint=hint)
        return path

    def _data_path(self, source: DataSource, objects: Objects) -> Path:
        if source.local is not None:
            return self._local_path(source.local, source.digest)
        if source.url is not None:
            return self._remote_path(source.url, source.digest)
        destination = self._outputs.path(f"git-{source.oid}")
        if not destination.exists():
            destination.parent.mkdir(parents=True, exist_ok=True)
            export = objects.export_tree if source.is_folder else objects.export_file
            export(source.oid or "", destination)
        return destination

    def _remote_path(self, url: str, planned: str) -> Path:
        if self._remote is None:
            raise StepError("data at URLs is not fetched here", place=url, hint="put it into the repository")
        return self._remote.fetch(url, planned)

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
        self.clear(folder)
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

    def fill_default_output(self, folder: Path, definition: Definition) -> None:
        """Put what was written to `./outputs` into the output `artifacts`, where the command does not name it itself.

        So it is on Azure ML, where every job has an output of that name.
        """
        is_named = ("outputs", DEFAULT_OUTPUT) in expressions_in(definition.command)
        target = folder / "outputs" / DEFAULT_OUTPUT
        if is_named or not target.is_dir() or any(target.iterdir()):
            return
        copied = folder / _UNFINISHED
        remove(copied)
        for name in ARTIFACT_FOLDERS:
            source = folder / "code" / name
            if source.is_dir() and not source.is_symlink():
                shutil.copytree(source, copied / name, symlinks=True)
        if copied.is_dir():
            copied.rename(target)  # whole or not at all, wherever we are killed

    def take_in(self, folder: Path, definition: Definition) -> dict[str, str]:
        """The outputs' digests by name, their content moved into the store.

        What a process that was killed over this had moved is known by a note that it left beside the folder.

        Raises:
            StepError: an output was not written, or is of the wrong kind.
        """
        taken = _taken_before(folder)
        digests: dict[str, str] = {}
        for name, kind in definition.outputs:
            path = folder / "outputs" / name
            if not os.path.lexists(path) and name in taken and self._outputs.has(taken[name]):
                digests[name] = taken[name]
                continue
            if not os.path.lexists(path):
                hint = f"write it to `${{{{outputs.{name}}}}}`"
                raise StepError(f"the output `{name}` was not written", hint=hint)
            if kind == "uri_file" and path.is_dir():
                raise StepError(f"the output `{name}` is declared as a file, a folder was written", hint="write a file")
            digests[name] = digest_of_path(path)
            _note_taken(folder, digests)
            self._outputs.take(path, digests[name])
        return digests

    def clear(self, folder: Path) -> None:
        """Remove the folder of one execution."""
        remove(folder)
        remove(_note_beside(folder))

    def clear_run(self, run_id: str) -> None:
        """Remove what is left of the folders of a run."""
        remove(self._folder.work / run_id)


def _note_beside(folder: Path) -> Path:
    """The note of what was taken in of an execution, out of reach of the step itself."""
    return folder.with_name(f".{folder.name}.taken")


def _taken_before(folder: Path) -> Mapping[str, str]:
    try:
        taken: dict[str, str] = json.loads(_note_beside(folder).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return taken


def _note_taken(folder: Path, digests: Mapping[str, str]) -> None:
    note = _note_beside(folder)
    unfinished = note.with_name(f"{note.name}.tmp")
    unfinished.write_text(json.dumps(digests), encoding="utf-8")
    unfinished.replace(note)


def _copy_writable(source: str, target: str) -> None:
    shutil.copyfile(source, target)
    Path(target).chmod(0o755 if os.access(source, os.X_OK) else 0o644)


def _place(name: str, source: InputSource) -> str:
    """Where an input lies below the root; a file of the repository keeps its own name, which some readers go by."""
    if isinstance(source, DataSource) and not source.is_folder:
        return f"inputs/{name}/{file_name(source.url) if source.url else PurePosixPath(source.path).name}"
    return f"inputs/{name}"
