"""The work tree of a repository with two pipelines, and components that tags hold in several versions."""

from __future__ import annotations

from pathlib import Path

from tests.daemon.origin import Origin

TRAIN = "pipelines/train.yaml"
SCORE = "pipelines/score.yaml"
FIT = "components/fit/component.yaml"
SPLIT = "components/split/component.yaml"
SEEDED = "text: {type: string}, seed: {type: integer, default: 1}"

_TRAIN = """\
# How the model is made.
type: pipeline
name: train
jobs:
  split:
    component: azureml:split@^1.0   # whatever adds
    inputs: {text: hello}
  fit:
    component: "azureml:fit:1.0.0"
    inputs:
        text: ${{parent.jobs.split.outputs.out}}
"""
_SCORE = """\
type: pipeline
name: score
jobs:
  split: {component: 'azureml:split@1.0.0', inputs: {text: hello}}
  fit: {component: 'azureml:fit@latest', inputs: {text: '${{parent.jobs.split.outputs.out}}'}}
"""
_FIT = """\
name: fit
version: 1.0.0
type: command
inputs: {text: {type: uri_file}}
outputs: {model: {type: uri_file}}
command: cp ${{inputs.text}} ${{outputs.model}}
environment: azureml:tools@1.0.0
"""


def split(version: str, inputs: str = "text: {type: string}", said: str = "text") -> str:
    return (
        f"name: split\nversion: {version}\ntype: command\ninputs: {{{inputs}}}\noutputs: {{out: {{type: uri_file}}}}\n"
        f"command: echo ${{{{inputs.{said}}}}} > ${{{{outputs.out}}}}\nenvironment: azureml:tools@^1.0\n"
    )


def tools(version: str) -> str:
    return (
        "$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json\n"
        f"name: tools\nversion: {version}\nimage: python\n"
    )


class ReleasedRepository:
    """Versions are released one after the other; what is released last stands at HEAD."""

    def __init__(self, folder: Path) -> None:
        self.origin = Origin(folder)
        self.top = self.origin.work_tree
        self.origin.push({TRAIN: _TRAIN, SCORE: _SCORE, FIT: _FIT, "environments/tools.yaml": tools("1.0.0")})
        self.origin.git("tag", "environment/tools/v1.0.0")
        self.release(SPLIT, split("1.0.0"), "component/split/v1.0.0")

    def release(self, file: str, text: str, tag: str) -> None:
        self.origin.push({file: text})
        self.origin.git("tag", tag)
        self.origin.git("push", "-q", "origin", tag)

    def read(self, file: str) -> str:
        return (self.top / file).read_bytes().decode()

    @property
    def changed(self) -> list[str]:
        """The files that differ from what is committed."""
        listed = self.origin.git("status", "--porcelain", "--untracked-files=all").splitlines()
        return [line.split()[-1] for line in listed]
