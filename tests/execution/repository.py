"""A git repository with a pipeline whose steps are lines of shell, and a witness of what was executed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from reconciler.source.worktree import Worktree, worktree_snapshot

Document = dict[str, Any]
SCHEMAS = "https://azuremlschemas.azureedge.net/latest"
ENVIRONMENT: Document = {
    "$schema": f"{SCHEMAS}/environment.schema.json",
    "name": "python",
    "version": "1.0.0",
    "image": "python:3.12-slim",
}


class Witness:
    """A file to which each step appends its name when it is executed."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __str__(self) -> str:
        return str(self._file)

    @property
    def lines(self) -> list[str]:
        return self._file.read_text().splitlines() if self._file.exists() else []

    @property
    def times(self) -> Mapping[str, int]:
        """How often each was executed."""
        return Counter(self.lines)

    @property
    def most_at_once(self) -> int:
        """Of steps that say `+` when they begin and `-` before they end."""
        most = now = 0
        for line in self.lines:
            now += {"+": 1, "-": -1}.get(line, 0)
            most = max(most, now)
        return most


class Repository:
    """A work tree; each commit gives a tree that stays as it was."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.witness = Witness(folder.parent / "witness")
        self._trees: list[Worktree] = []
        folder.mkdir(parents=True)
        self._git("init", "--quiet", "--initial-branch", "main")

    def commit(self, jobs: Mapping[str, Document], files: Mapping[str, str] | None = None, **pipeline: Any) -> Worktree:
        """Commit a pipeline `lending`, the environment `python`, and other files beside them."""
        self.write("python.yaml", yaml.safe_dump(ENVIRONMENT))
        self.write_pipeline(jobs, **pipeline)
        for path, content in (files or {}).items():
            self.write(path, content)
        return self.commit_all()

    def write_pipeline(self, jobs: Mapping[str, Document], name: str = "lending", **changes: Any) -> None:
        document = {
            "$schema": f"{SCHEMAS}/pipelineJob.schema.json",
            "type": "pipeline",
            "name": name,
            "jobs": {job: self._witnessed(job, written) for job, written in jobs.items()},
            **changes,
        }
        self.write(f"{name}.yaml", yaml.safe_dump(document, sort_keys=False))

    def write(self, path: str, content: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)

    def commit_all(self) -> Worktree:
        self._git("add", "--all")
        identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        self._git(*identity, "commit", "--quiet", "--allow-empty", "--message", "change")
        return self.tree()

    def tree(self) -> Worktree:
        """What is committed, to be read until `close`."""
        tree = worktree_snapshot(self.folder, Path(tempfile.mkdtemp(dir=self.folder.parent, prefix="scratch-")))
        self._trees.append(tree)
        return tree

    def close(self) -> None:
        for tree in self._trees:
            tree.objects.close()
        shutil.rmtree(self.folder.parent, ignore_errors=True)

    def _witnessed(self, name: str, job: Document) -> Document:
        witnessed = dict(job)
        if "command" in job:
            witnessed["command"] = f"echo {name} >> {self.witness}\n{job['command']}"
        return witnessed

    def _git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.folder, check=True)


def job(command: str = "true", outputs: tuple[str, ...] = (), **more: Any) -> Document:
    """A job with its own command; its outputs are files."""
    written = {"type": "command", "command": command, "environment": "azureml:python@latest", **more}
    return {**written, "outputs": {name: {"type": "uri_file"} for name in outputs}} if outputs else written


def component(command: str, name: str = "train", **more: Any) -> Document:
    """A component by itself, which says nothing to the witness."""
    return {
        "$schema": f"{SCHEMAS}/commandComponent.schema.json",
        "name": name,
        "command": command,
        "environment": "azureml:python@latest",
        **more,
    }


def sweep(command: str, search_space: Mapping[str, Document], **changes: Any) -> Document:
    """A grid that looks for the highest accuracy; the trial writes the output `model`."""
    ports = {name: {"type": "number"} for name in search_space} | changes.pop("ports", {})
    outputs = {"model": {"type": "uri_file"}}
    return {
        "type": "sweep",
        "trial": component(command, inputs=ports, outputs=outputs, **changes.pop("trial", {})),
        "sampling_algorithm": "grid",
        "search_space": dict(search_space),
        "objective": {"goal": "maximize", "primary_metric": "accuracy"},
        "limits": {"max_total_trials": 100},
        **changes,
    }


def choice(*values: float) -> Document:
    return {"type": "choice", "values": list(values)}


def reads(step: str, output: str = "out") -> str:
    """A binding to an output of an earlier step."""
    return f"${{{{parent.jobs.{step}.outputs.{output}}}}}"


def writes(text: str, output: str = "out") -> str:
    return f"printf %s '{text}' > ${{{{outputs.{output}}}}}"


def waits_for(gate: Path) -> str:
    """A command that lasts until a file is there."""
    return f"while [ ! -e {gate} ]; do sleep 0.02; done"
