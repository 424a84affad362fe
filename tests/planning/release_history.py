"""A repository in memory whose manifests are released: versions are written, tags made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import yaml

from reconciler.model.desired import Desired
from reconciler.model.plan import Actual
from reconciler.model.problems import Problem
from reconciler.model.wanted_bump import WantedBump
from reconciler.planning.release_candidates import manifests_to_compare, named_in, releases_to_compare
from reconciler.planning.releasing import ReleasePlan, Releasing, plan_releases
from reconciler.planning.versions import VersionJudge
from reconciler.registry.reading import ReleaseReader

from .history import Content, History, as_text
from .world import interfaces_of

KINDLESS = {"tags": "{name}@v{version}"}


class Released:
    """Files as they stand at HEAD, with tags that hold earlier ones."""

    def __init__(self, files: Mapping[str, Content]) -> None:
        self.files: dict[str, Content] = dict(files)
        self.tags: list[str] = []
        self._history = History()

    def change(self, files: Mapping[str, Content | None]) -> None:
        changed = {**self.files, **files}
        self.files = {path: content for path, content in changed.items() if content is not None}

    def tag(self, *names: str) -> None:
        for name in names:
            self._history.tag(name, self.files)
        self.tags.extend(names)

    def desired(self) -> Desired:
        desired = self._history.revision(self.files)
        return ReleaseReader().load(desired, self._history, self._history, also=releases_to_compare(desired))

    def plan(self, *names: str, bump: str = "auto") -> Releasing:
        desired = self.desired()
        interfaces = interfaces_of(manifests_to_compare(desired), desired)
        return plan_releases(desired, interfaces, named_in(names, desired), WantedBump(bump))

    def release(self, *names: str, bump: str = "auto") -> Releasing:
        made = self.plan(*names, bump=bump)
        self.carry_out(made.plans)
        return made

    def carry_out(self, plans: Sequence[ReleasePlan]) -> None:
        for plan in plans:
            for file in (plan.file, *plan.copies) if plan.is_written else ():
                document = yaml.safe_load(as_text(self.files[file]))
                self.files[file] = {**document, "version": plan.new}
        self.tag(*(plan.tag for plan in plans))

    def judged(self) -> tuple[Problem, ...]:
        """What is wrong with versions, as `validate` and `plan` would say."""
        desired = self.desired()
        judge = VersionJudge()
        interfaces = interfaces_of(judge.to_compare(desired, Actual()), desired)
        return judge.judge(desired, Actual(), interfaces)[1]


def told(made: Releasing) -> list[tuple[str, str | None, str, str]]:
    """Of each release: what it is of, from which version, to which, and the bump that was required."""
    return [(f"{plan.kind}/{plan.name}", plan.old, plan.new, str(plan.required)) for plan in made.plans]
