"""Tasks for containers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler.engines.base import Exit, Labels, Task
from reconciler.engines.docker import DockerEngine
from reconciler.model.resources import Resources

from .engine import SMALL


@dataclass(frozen=True)
class Bench:
    """Runs commands in containers, each in a folder of its own."""

    engine: DockerEngine
    folder: Path
    image: str = SMALL
    started: list[Task] = field(default_factory=list)

    def task(
        self,
        command: str,
        inputs: Mapping[str, Path] | None = None,
        variables: Mapping[str, str] | None = None,
        code_folder: Path | None = None,
        timeout_seconds: float | None = None,
        resources: Resources | None = None,
        is_tracked: bool = False,
    ) -> Task:
        place = self.folder / f"task-{len(self.started)}"
        (place / "work" / "outputs").mkdir(parents=True)
        task = Task(
            id=f"loans-1.train-{len(self.started)}",
            command=command,
            code_folder=code_folder,
            folder=place / "work",
            environment=self.image,
            variables=variables or {},
            timeout_seconds=timeout_seconds,
            log=place / "log",
            inputs=inputs or {},
            resources=resources or Resources(),
            labels=Labels("loans-1", "loans", "train", "", "f" * 64),
            is_tracked=is_tracked,
        )
        self.started.append(task)
        return task

    def run(self, task: Task) -> Exit:
        return self.engine.wait(task, self.engine.start(task))

    def said(self, command: str, **about: object) -> str:
        """What a command prints, which has to end well."""
        task = replace(self.task(command), **about)  # type: ignore[arg-type]
        ended = self.run(task)
        assert ended.code == 0, (ended, task.log.read_text())
        return task.log.read_text()
