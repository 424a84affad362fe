"""Which steps are free to begin: counted down as those before them end."""

from __future__ import annotations

from reconciler.model.steps import Step


class StepOrder:
    """The steps of a graph, released one after another; each step is looked at once per step before it."""

    def __init__(self, steps: tuple[Step, ...]) -> None:
        self._steps = {step.name: step for step in steps}
        self._waiting = {step.name: len(step.after) for step in steps}
        self._dependents: dict[str, list[str]] = {}
        for step in steps:
            for name in step.after:
                self._dependents.setdefault(name, []).append(step.name)

    @property
    def positions(self) -> dict[str, int]:
        """The place of each step in the order they are listed in."""
        return {name: position for position, name in enumerate(self._steps)}

    def first(self) -> list[Step]:
        """The steps that wait for none."""
        return [step for step in self._steps.values() if not step.after]

    def released_by(self, name: str) -> list[Step]:
        """The steps for which this one was the last to wait for."""
        released = []
        for dependent in self._dependents.get(name, ()):
            self._waiting[dependent] -= 1
            if self._waiting[dependent] == 0:
                released.append(self._steps[dependent])
        return released

    def all_after(self, name: str) -> list[str]:
        """All steps that follow from this one, near or far."""
        found: dict[str, None] = {}
        waiting = list(self._dependents.get(name, ()))
        while waiting:
            step = waiting.pop()
            if step not in found:
                found[step] = None
                waiting.extend(self._dependents.get(step, ()))
        return list(found)
