"""How the steps of a run hang together: kept with the run, as the graph itself is not."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.data_paths import redacted_url
from reconciler.model.steps import DataSource, Graph, InputSource, Step


@dataclass(frozen=True, slots=True)
class Wire:
    """Where a data input of a step comes from: an output of an earlier step, or else data.

    Attributes:
        data: what the data are called, with their version.
    """

    port: str
    step: str = ""
    output: str = ""
    data: str = ""


@dataclass(frozen=True, slots=True)
class StepWiring:
    """One step: what it comes after, what it reads, and the version of its environment."""

    name: str
    after: tuple[str, ...] = ()
    inputs: tuple[Wire, ...] = ()
    environment_version: str = ""


def wiring_of(graph: Graph) -> tuple[StepWiring, ...]:
    """The wiring of all steps, in the order of the graph."""
    return tuple(_of_step(step) for step in graph.steps)


def _of_step(step: Step) -> StepWiring:
    wires = tuple(_wire(port, source) for port, source in step.sources)
    return StepWiring(step.name, step.after, wires, step.environment.version or "")


def _wire(port: str, source: InputSource) -> Wire:
    if isinstance(source, DataSource):
        return Wire(port, data=redacted_url(source.label) if source.url else source.label)
    return Wire(port, source.step, source.output)
