"""A small repository that is pushed to again and again, each push of another kind."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.repository import PLAIN_ENVIRONMENT

_COMPONENT = """\
$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
type: command
name: {name}
version: 1.0.{version}
inputs:
  before: {{type: uri_file, optional: true}}
outputs: {{after: {{type: uri_file}}}}
environment: azureml:plain@^1
code: ./src
command: sh run.sh "${{{{outputs.after}}}}" $[["${{{{inputs.before}}}}"]]
"""
_SCRIPT = """\
echo {number} $(date +%s.%N)
test -z "$2" || cat "$2" > "$1"
echo {number} >> "$1"
"""
_BAD = "type: pipeline\nname: bad\njobs: {one: {component: azureml:nobody@latest}}\n"
KINDS = ("code", "bump", "revert", "nothing", "bad")  # and `mended`, after a bad one


@dataclass(frozen=True, slots=True)
class Pushed:
    """A push; `began` and `ended` are seconds since the epoch."""

    kind: str
    commit: str
    began: float
    ended: float

    @property
    def is_good(self) -> bool:
        """Whether it is to be applied."""
        return self.kind != "bad"


class SmallRepository:
    """Two pipelines of two and one steps, with a bare origin beside it."""

    def __init__(self, folder: Path) -> None:
        self.origin = folder / "origin.git"
        self.work_tree = folder / "repo"
        self._number = 0
        self._versions = {"first": 0, "second": 0}
        self._good: list[str] = []
        self.work_tree.mkdir(parents=True)
        subprocess.run(["git", "init", "--quiet", "--bare", "-b", "main", str(self.origin)], check=True)
        self.git("init", "--quiet", "-b", "main")
        self.git("remote", "add", "origin", str(self.origin))
        self._write("environments/plain.yaml", PLAIN_ENVIRONMENT)
        for name in self._versions:
            self._write_code(name)
            self._write_manifest(name)
        self._write("pipelines/chain.yaml", _pipeline("chain", ["first", "second"]))
        self._write("pipelines/single.yaml", _pipeline("single", ["second"]))
        self.commit("All manifests")
        self.push()

    def change(self, kind: str) -> None:
        """Commit a change of a kind; a revert puts back everything as it was before the newest change."""
        self._number += 1
        name = "first" if self._number % 2 else "second"
        if kind == "revert":
            self.git("read-tree", "-u", "--reset", self._good[-2:][0])
        if kind == "bad":
            self._write("pipelines/bad.yaml", _BAD)
        if kind == "mended":
            (self.work_tree / "pipelines/bad.yaml").unlink()
        if kind in ("code", "bump"):
            self._versions[name] = self._number
            self._write_manifest(name)
        if kind == "code":
            self._write_code(name)
        self.commit(kind)

    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        if message in ("code", "bump", "revert") or not self._good:
            self._good.append(self.head())

    def push(self) -> None:
        self.git("push", "--quiet", "origin", "main")

    def git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0"]
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=self.work_tree, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def _write_code(self, name: str) -> None:
        self._write(f"components/{name}/src/run.sh", _SCRIPT.format(number=f"{name}-{self._number}"))

    def _write_manifest(self, name: str) -> None:
        text = _COMPONENT.format(name=name, version=self._versions[name])
        self._write(f"components/{name}/component.yaml", text)

    def _write(self, name: str, text: str) -> None:
        path = self.work_tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _pipeline(name: str, components: list[str]) -> str:
    lines = ["type: pipeline", f"name: {name}", "jobs:"]
    for number, component in enumerate(components):
        before = {"type": "uri_file", "path": f"${{{{parent.jobs.step_{number - 1}.outputs.after}}}}"}
        inputs = {"before": before} if number else {}
        lines += [
            f"  step_{number}:",
            f"    component: azureml:{component}@latest",
            f"    inputs: {json.dumps(inputs)}",
        ]
    return "\n".join(lines) + "\n"
