"""A diary with a model registry in it: versions are made, tagged and pointed at as in MLflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

from reconciler.tracking.base import ModelDetails, ModelMark, ModelRequest, ModelVersion

from .diary import Diary, done

CONTENT = "reconciler.content_digest"


class KilledError(BaseException):
    """The process is gone: nobody handles it."""


class ModelShelf(Diary):
    """A step's model has the signature that its file says, and the metrics that the step logged.

    Attributes:
        moves: the alias that steps themselves move to what they register, as `register_best_model` does.
        dies_at: how many marks are made before the process is killed.
        deleted: how many versions there were that are gone.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.moves = ""
        self.dies_at: int | None = None
        self.deleted = 0
        self.asked: list[str] = []
        self._signatures: dict[str, Mapping[str, str]] = {}

    def register_model(self, wanted: ModelRequest) -> Future[ModelVersion]:
        same = [each for each in self._named(wanted.name) if each.tags.get(CONTENT) == wanted.digest]
        if same:
            return done(same[0])
        number = str(len(self._named(wanted.name)) + self.deleted + 1)
        tags = {**wanted.tags, CONTENT: wanted.digest}
        self.versions = (*self.versions, ModelVersion(wanted.name, number, (), wanted.run_id, tags))
        text = (wanted.path / "model").read_text().strip()
        self._signatures[number] = {"inputs": text} if text.startswith("[") else {}
        if self.moves:
            super().mark([ModelMark(wanted.name, number, aliases=(self.moves,))])
        return done(self._named(wanted.name)[-1])

    def registered(self, run_ids: Sequence[str], below: str = "") -> Future[tuple[ModelVersion, ...]]:
        self.asked.append("registered")
        return super().registered(run_ids, below)

    def holders(self, alias: str, names: Sequence[str] = ()) -> Future[Mapping[str, str]]:
        self.asked.append("holders")
        return super().holders(alias, names)

    def details(self, versions: Sequence[ModelVersion]) -> Future[tuple[ModelDetails, ...]]:
        self.asked.append("details")
        return done(
            tuple(
                ModelDetails(self._signatures[each.version] or None, self.entries[each.run_id].metrics)
                for each in versions
            )
        )

    def mark(self, marks: Sequence[ModelMark]) -> Future[None]:
        for count, each in enumerate(marks):
            if count == self.dies_at:
                self.dies_at = None
                raise KilledError
            super().mark([each])
        if self.dies_at == len(marks):
            self.dies_at = None
            raise KilledError
        return done(None)

    def set_aliases(self, versions: Sequence[ModelVersion]) -> Future[None]:
        return super().mark([ModelMark(each.name, each.version, aliases=each.aliases) for each in versions])

    def _named(self, name: str) -> list[ModelVersion]:
        return [version for version in self.versions if version.name == name]

    def holder(self, alias: str = "champion", name: str = "credit") -> str:
        """The version that an alias points at, "" for none."""
        return next((each.version for each in self._named(name) if alias in each.aliases), "")

    def tags(self, version: str, name: str = "credit") -> Mapping[str, str]:
        return next(each.tags for each in self._named(name) if each.version == version)

    def semvers(self, name: str = "credit") -> list[str]:
        return [each.tags.get("reconciler.semver", "") for each in self._named(name)]

    def put_alias(self, version: str, alias: str = "champion", name: str = "credit") -> None:
        """As a person does it."""
        super().mark([ModelMark(name, version, aliases=(alias,))])

    def forget_metrics(self, run_id: str) -> None:
        self.entries[run_id] = replace(self.entries[run_id], metrics={})
