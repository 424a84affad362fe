"""A run as a graph, read from the state: its steps with what they read, and who made that."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.runs import Run, StepRun, StepStatus
from reconciler.model.steps import Definition
from reconciler.model.wiring import StepWiring
from reconciler.state.store import State


@dataclass(frozen=True, slots=True)
class Read:
    """A data input: its content, and the step of the same run that gave it, or else what the data are called."""

    port: str
    digest: str
    step: str = ""
    output: str = ""
    data: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A step of a run.

    Attributes:
        trials: of a sweep; of one that was reused, those of the run that made it.
        definition: None where it is not kept.
    """

    step: StepRun
    trials: tuple[StepRun, ...]
    definition: Definition | None
    reads: tuple[Read, ...]
    after: tuple[str, ...]
    environment_version: str

    @property
    def component(self) -> str:
        return "" if self.definition is None else f"{self.definition.component} {self.definition.version or ''}".strip()

    @property
    def environment(self) -> str:
        return "" if self.definition is None else f"{self.definition.environment} {self.environment_version}".strip()


def nodes_of(state: State, run: Run) -> list[Node]:
    """The steps of a run in their order."""
    steps = state.runs.steps(run.id)
    wiring = state.wirings.of_run(run.id)
    definitions = state.runs.definitions(step.definition for step in steps)
    own = [step for step in steps if not step.trial]
    nodes = []
    for step in own:
        reads = _reads(step, wiring.get(step.name), own)
        wired = wiring.get(step.name)
        after = wired.after if wired else tuple(dict.fromkeys(read.step for read in reads if read.step))
        trials = tuple(each for each in steps if each.name == step.name and each.trial) or _trials_of_origin(
            state, step
        )
        version = wired.environment_version if wired else ""
        nodes.append(Node(step, trials, definitions.get(step.definition), reads, after, version))
    return nodes


def _reads(step: StepRun, wired: StepWiring | None, steps: list[StepRun]) -> tuple[Read, ...]:
    if wired is not None:
        return tuple(
            Read(wire.port, step.inputs.get(wire.port, ""), wire.step, wire.output, wire.data) for wire in wired.inputs
        )
    return tuple(_by_content(port, digest, step, steps) for port, digest in step.inputs.items())


def _by_content(port: str, digest: str, reader: StepRun, steps: list[StepRun]) -> Read:
    """What a run of before wirings were kept read: the first step that wrote this content is as good as any."""
    for step in steps:
        if step.name == reader.name:
            break
        for output, written in step.outputs.items():
            if written == digest:
                return Read(port, digest, step.name, output)
    return Read(port, digest)


def _trials_of_origin(state: State, step: StepRun) -> tuple[StepRun, ...]:
    if not step.reused_from:
        return ()
    return tuple(each for each in state.runs.steps(step.reused_from) if each.name == step.name and each.trial)


def executed(state: State, step: StepRun) -> StepRun:
    """The step as it was when it was executed: in the run itself, or in that which its result was taken from."""
    seen = {step.run_id}
    while step.status is StepStatus.REUSED and step.reused_from and step.reused_from not in seen:
        seen.add(step.reused_from)
        made = [each for each in state.runs.steps(step.reused_from) if each.fingerprint == step.fingerprint]
        found = next((each for each in made if each.name == step.name and not each.trial), next(iter(made), None))
        if found is None:
            return step
        step = found
    return step
