"""Generated repositories: as many components as asked for, each used by one step."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

_STEPS_PER_PIPELINE = 1000
PLAIN_ENVIRONMENT = """\
$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json
name: plain
version: 1.0.0
conda_file:
  name: plain
  dependencies:
    - python=3.11
"""
_COMPONENT = """\
$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
type: command
name: component_{number}
version: 1.0.0
inputs:
  before:
    type: uri_file
    optional: true
  rate:
    type: number
    default: 0.1
outputs:
  after:
    type: uri_file
environment: azureml:plain@^1
command: echo {number} ${{{{inputs.rate}}}} > ${{{{outputs.after}}}}
"""


@dataclass(frozen=True)
class Repository:
    """A work tree with a bare origin; pipelines hold at most 1,000 steps, as chains of ten."""

    folder: Path
    size: int

    @property
    def work_tree(self) -> Path:
        return self.folder / "repo"

    @property
    def origin(self) -> Path:
        return self.folder / "origin.git"

    def create(self, environment: str = PLAIN_ENVIRONMENT) -> None:
        """Write and push all manifests."""
        for name in ("components", "environments", "pipelines"):
            (self.work_tree / name).mkdir(parents=True)
        (self.work_tree / "environments" / "plain.yaml").write_text(environment)
        for number in range(self.size):
            self.component(number).write_text(_COMPONENT.format(number=number))
        for first in range(0, self.size, _STEPS_PER_PIPELINE):
            numbers = range(first, min(first + _STEPS_PER_PIPELINE, self.size))
            (self.work_tree / "pipelines" / f"pipeline_{first}.yaml").write_text(_pipeline(first, numbers))
        subprocess.run(["git", "init", "--quiet", "--bare", "-b", "main", str(self.origin)], check=True)
        self.git("init", "--quiet", "-b", "main")
        self.git("remote", "add", "origin", str(self.origin))
        self.push("All manifests")

    def component(self, number: int) -> Path:
        return self.work_tree / "components" / f"component_{number}.yaml"

    def change(self, number: int, command: str) -> None:
        """Give one component another command, and push."""
        self._rewrite(number, command)
        self.push(f"component_{number} 1.0.{command}")

    def change_all(self, command: str) -> None:
        """Give every component another command, and push."""
        for number in range(self.size):
            self._rewrite(number, command)
        self.push(f"all 1.0.{command}")

    def _rewrite(self, number: int, command: str) -> None:
        text = _COMPONENT.format(number=number).replace("command: echo", f"command: echo {command}")
        self.component(number).write_text(text.replace("version: 1.0.0", f"version: 1.0.{command}"))

    def push(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        self.git("push", "--quiet", "origin", "main")

    def git(self, *arguments: str) -> None:
        identity = ["-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0"]
        subprocess.run(["git", *identity, *arguments], cwd=self.work_tree, check=True, capture_output=True)


def _pipeline(first: int, numbers: range) -> str:
    lines = ["type: pipeline", f"name: pipeline_{first}", "version: 1.0.0", "jobs:"]
    for number in numbers:
        lines += [f"  step_{number}:", f"    component: azureml:component_{number}@^1"]
        if (number - first) % 10:
            lines += ["    inputs:", f"      before: ${{{{parent.jobs.step_{number - 1}.outputs.after}}}}"]
    return "\n".join(lines) + "\n"
