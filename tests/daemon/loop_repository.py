"""What people push to a loop that is tried at random: small pipelines, and what each of their steps must write."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from .origin import Origin, environment_manifest

SCHEDULE = "yearly"
COMPONENTS = ("split", "train")
PIPELINES = ("alpha", "beta", "gamma")
ORDERS = (("split",), ("split", "train"), ("train", "split", "train"))  # of the steps of a pipeline
_SCHEMA = "$schema: https://azuremlschemas.azureedge.net/latest"


@dataclass(frozen=True, slots=True)
class Component:
    """A version of a component.

    Attributes:
        mark: what its code writes around what it reads; no two contents of code have the same.
        is_broken: whether its code fails.
    """

    version: int
    mark: int
    is_deterministic: bool = True
    is_broken: bool = False


@dataclass(frozen=True, slots=True)
class Chain:
    """A pipeline: components one after the other.

    Attributes:
        seed: what the first one reads.
        is_hasty: whether a newer revision ends a run of it.
    """

    components: tuple[str, ...]
    seed: int
    is_hasty: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a commit holds.

    Attributes:
        trouble: files that make the commit a bad one.
    """

    components: Mapping[str, Component]
    pipelines: Mapping[str, Chain]
    trouble: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Whether the commit is to be applied."""
        return not self.trouble

    @property
    def is_sound(self) -> bool:
        """Whether every pipeline of it can succeed."""
        return self.is_good and not any(self.components[name].is_broken for name in self._used)

    @property
    def _used(self) -> frozenset[str]:
        return frozenset(name for chain in self.pipelines.values() for name in chain.components)

    def texts(self, pipeline: str) -> list[str]:
        """What the steps of a pipeline have to write, in order."""
        chain, texts = self.pipelines[pipeline], []
        text = str(chain.seed)
        for name in chain.components:
            text = f"{self.components[name].mark}({text})"
            texts.append(text)
        return texts

    def is_deterministic(self, pipeline: str, step: int) -> bool:
        return self.components[self.pipelines[pipeline].components[step]].is_deterministic

    def resources(self) -> frozenset[tuple[str, str]]:
        """The kinds and names of all manifests."""
        return frozenset(
            {
                ("environment", "plain"),
                ("schedule", SCHEDULE),
                *(("component", name) for name in self.components),
                *(("pipeline", name) for name in self.pipelines),
            }
        )


FIRST = Wanted(
    {name: Component(number, number) for number, name in enumerate(COMPONENTS)},
    {"alpha": Chain(("split", "train"), 0), "beta": Chain(("split",), 0, is_hasty=True)},
)


@dataclass(frozen=True, slots=True)
class Pushed:
    """A commit with what it holds."""

    commit: str
    wanted: Wanted


class LoopRepository:
    """A repository, all that was ever pushed to it, and what its steps did.

    Attributes:
        diary: where each step writes what it wrote, as the last thing that it does.
        gate: while it is there, steps that begin wait.
        fault: while it is there, steps fail.
    """

    def __init__(self, folder: Path) -> None:
        self.origin = Origin(folder / "git")
        self.diary, self.gate, self.fault = folder / "diary", folder / "gate", folder / "fault"
        self._number = len(COMPONENTS)
        self._written: dict[str, str] = {}
        self.history: list[Pushed] = []
        self.push(FIRST)

    @property
    def head(self) -> Pushed:
        return self.history[-1]

    @property
    def commits(self) -> dict[str, Wanted]:
        return {pushed.commit: pushed.wanted for pushed in self.history}

    def executed(self) -> list[str]:
        """What steps wrote, in the order in which they ended."""
        return self.diary.read_text(encoding="utf-8").split() if self.diary.exists() else []

    def push(self, wanted: Wanted) -> Pushed:
        """Commit exactly this on top of what is there."""
        files = self._files(wanted)
        gone: dict[str, str | None] = dict.fromkeys(self._written.keys() - files.keys())
        commit = self.origin.push({**files, **gone})
        return self._note(commit, wanted, files)

    def push_instead(self, base: Pushed, wanted: Wanted) -> Pushed:
        """Force-push this on top of an earlier commit; all that came after that is gone from the branch."""
        self.origin.git("reset", "-q", "--hard", base.commit)
        self._written = self._files(base.wanted)
        return self.push(wanted)

    def _note(self, commit: str, wanted: Wanted, files: dict[str, str]) -> Pushed:
        self._written = files
        self.history.append(Pushed(commit, wanted))
        return self.head

    # --- changes of what the head holds ---

    def next_number(self) -> int:
        """One that neither a version nor a mark had before."""
        self._number += 1
        return self._number

    def with_code(self, name: str, is_broken: bool = False, is_deterministic: bool = True) -> Wanted:
        """A component of other code, in a new version."""
        number = self.next_number()
        return self._with_component(name, Component(number, number, is_deterministic, is_broken))

    def with_version(self, name: str) -> Wanted:
        """A new version of a component, of the same content."""
        return self._with_component(name, replace(self._good.components[name], version=self.next_number()))

    def with_code_of_the_same_version(self, name: str) -> Wanted:
        """What nobody may do to a version that was applied."""
        component = replace(self._good.components[name], mark=self.next_number())
        return replace(self._with_component(name, component), trouble={"notes.txt": f"{name} as it may not be\n"})

    def with_pipeline(self, name: str, chain: Chain) -> Wanted:
        return replace(self._good, pipelines={**self._good.pipelines, name: chain})

    def without_pipeline(self, name: str) -> Wanted:
        left = {each: chain for each, chain in self._good.pipelines.items() if each != name}
        return replace(self._good, pipelines=left)

    def with_trouble(self, text: str) -> Wanted:
        return replace(self._good, trouble={"pipelines/bad.yaml": text})

    def mended(self) -> Wanted:
        """The head with nothing wrong in it."""
        wanted = self._good
        for name, component in wanted.components.items():
            if component.is_broken:
                number = self.next_number()
                fresh = replace(component, version=number, mark=number, is_broken=False)
                wanted = replace(wanted, components={**wanted.components, name: fresh})
        return wanted

    @property
    def _good(self) -> Wanted:
        return next(pushed.wanted for pushed in reversed(self.history) if pushed.wanted.is_good)

    def _with_component(self, name: str, component: Component) -> Wanted:
        return replace(self._good, components={**self._good.components, name: component})

    # --- files ---

    def _files(self, wanted: Wanted) -> dict[str, str]:
        files = {
            "environments/plain.yaml": environment_manifest("plain"),
            "schedules/yearly.yaml": _schedule(min(wanted.pipelines)),
            **wanted.trouble,
        }
        for name, component in wanted.components.items():
            files[f"components/{name}/component.yaml"] = _component(name, component)
            files[f"components/{name}/src/run.sh"] = self._script(component)
        for name, chain in wanted.pipelines.items():
            files[f"pipelines/{name}.yaml"] = _pipeline(name, chain)
        return files

    def _script(self, component: Component) -> str:
        lines = (
            "set -e",
            f"while test -e {self.gate}; do sleep 0.02; done",
            f"test ! -e {self.fault}",
            *(["exit 3"] if component.is_broken else []),
            'if test -n "$3"; then before=$(cat "$3"); else before=$1; fi',
            f'echo "{component.mark}($before)" > "$2"',
            f'echo "{component.mark}($before)" >> {self.diary}',
        )
        return "\n".join(lines) + "\n"


BAD = (
    "type: pipeline\njobs: 7\n",
    "type: pipeline\nname: bad\njobs: {one: {component: azureml:nobody@latest}}\n",
    "type: pipeline\nname: [\njobs: {}\n",
)


def _component(name: str, component: Component) -> str:
    lines = (
        f"{_SCHEMA}/commandComponent.schema.json",
        "type: command",
        f"name: {name}",
        f"version: 1.0.{component.version}",
        "inputs:",
        "  seed: {type: integer, default: 0}",
        "  before: {type: uri_file, optional: true}",
        "outputs: {text: {type: uri_file}}",
        "environment: azureml:plain@latest",
        "code: ./src",
        'command: sh run.sh "${{inputs.seed}}" "${{outputs.text}}" $[["${{inputs.before}}"]]',
        *(() if component.is_deterministic else ("is_deterministic: false",)),
    )
    return "\n".join(lines) + "\n"


def _pipeline(name: str, chain: Chain) -> str:
    lines = ["type: pipeline", f"name: {name}", *(["on_new_revision: cancel"] if chain.is_hasty else []), "jobs:"]
    for number, component in enumerate(chain.components):
        before = {"type": "uri_file", "path": f"${{{{parent.jobs.step_{number - 1}.outputs.text}}}}"}
        inputs = {"before": before} if number else {"seed": chain.seed}
        lines += [
            f"  step_{number}:",
            f"    component: azureml:{component}@latest",
            f"    inputs: {json.dumps(inputs)}",
        ]
    return "\n".join(lines) + "\n"


def _schedule(pipeline: str) -> str:
    trigger = "trigger: {type: cron, expression: 0 3 1 1 *}"
    return f"name: {SCHEDULE}\n{trigger}\ncreate_job: ../pipelines/{pipeline}.yaml\n"
