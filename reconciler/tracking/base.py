"""Tracking as the rest of the program sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

NOTHING: Mapping[str, str] = MappingProxyType({})
NO_METRICS: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A run to be made.

    Attributes:
        parent: the run that it is shown under, None for a root.
        root: the run of the whole pipeline, None where this is it.
        is_again: an earlier process may have made it, or half of it, and was killed before it could note that.
        is_urgent: somebody waits for it, so that it is made elsewhere for the time being where MLflow is away.
    """

    experiment: str
    name: str
    parent: str | None
    root: str | None
    tags: Mapping[str, str]
    params: Mapping[str, str] = field(default_factory=dict)
    is_again: bool = False
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class RunData:
    """What a run holds, the user's own metrics, params and tags included.

    Attributes:
        models: ids of the models that it logged.
        strays: ids of the runs that its step made beside it, and that it took in when it ended.
    """

    run_id: str
    status: str
    metrics: Mapping[str, float]
    params: Mapping[str, str]
    tags: Mapping[str, str]
    models: tuple[str, ...]
    strays: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version in the model registry, and the aliases that point at it.

    Attributes:
        tags: told where all versions of a model are asked for.
    """

    name: str
    version: str
    aliases: tuple[str, ...]
    run_id: str
    tags: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class ModelDetails:
    """What a model version takes and gives, and how good it is.

    Attributes:
        signature: as its `MLmodel` has it, None where it has none.
        metrics: of the run that it is of, and of the model itself.
    """

    signature: Mapping[str, str] | None
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ModelMark:
    """What is to be noted at a model version; "" as `version` where an alias is only taken away.

    Attributes:
        aliases: that are to point at it, wherever they point now.
        lost: aliases of the model that are to point nowhere.
    """

    name: str
    version: str
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """A model version to be made of what a step wrote.

    Attributes:
        path: the file or folder.
        digest: of its content.
        place: where it goes among the artifacts of the run.
    """

    name: str
    run_id: str
    path: Path
    digest: str
    place: str
    tags: Mapping[str, str] = field(default_factory=dict)


class Tracking(Protocol):
    """Requests are carried out one by one in the order asked, so each sees the effect of those before it.

    A future that fails holds a TrackingError: a TrackingAwayError where MLflow does not answer, and may do so later.

    Attributes:
        folders: what a step must reach in the file system to log; none where it is a server.
    """

    folders: tuple[Path, ...]

    def variables(self, run_id: str | None, experiment: str) -> Mapping[str, str]:
        """What a step's process needs in its environment to log to its run.

        Raises:
            TrackingError: the experiment cannot be found or made.
        """
        ...

    def start_run(self, request: RunRequest) -> Future[str]:
        """Make a run, RUNNING, and give its id."""
        ...

    def is_spooled(self, run_id: str) -> bool:
        """Whether a run is kept elsewhere for the time being, as MLflow was away when it began."""
        ...

    def settle(self, run_id: str) -> Future[str]:
        """The id by which MLflow knows a run, one that is kept elsewhere carried over first, as far as it has come."""
        ...

    def finish_run(
        self,
        run_id: str,
        status: str,
        metrics: Mapping[str, float] = NO_METRICS,
        tags: Mapping[str, str] = NOTHING,
        ended: float | None = None,
    ) -> Future[RunData]:
        """End a run as FINISHED, FAILED or KILLED, whatever its step said, and give what it holds.

        Args:
            ended: seconds since the epoch; None for now.
        """
        ...

    def copy_run(self, source_run_id: str, request: RunRequest) -> Future[str]:
        """Make a run that shows what an earlier one gave: metrics, params, tags, artifacts, models, status."""
        ...

    def histories(self, run_ids: Sequence[str], metric: str) -> Future[Mapping[str, tuple[float, ...]]]:
        """What runs, also such as still go on, have logged of a metric so far: its values in order, by run."""
        ...

    def missing(self, run_ids: Sequence[str]) -> Future[frozenset[str]]:
        """Those of these runs that are not there any more, or are deleted."""
        ...

    def log_artifacts(self, run_id: str, folder: Path) -> Future[None]:
        """Copy the content of a folder into a run."""
        ...

    def register_model(self, wanted: ModelRequest) -> Future[ModelVersion]:
        """Make a version of a model; where one of it holds the same content already, that one is the answer."""
        ...

    def registered(self, run_ids: Sequence[str], below: str = "") -> Future[tuple[ModelVersion, ...]]:
        """The model versions that these runs made, and all runs below a root where it is named.

        A copied run stands for its source from the copy on.
        """
        ...

    def versions_of(self, names: Sequence[str]) -> Future[tuple[ModelVersion, ...]]:
        """All versions of these models, with their tags; none of a model that is not there."""
        ...

    def holders(self, alias: str, names: Sequence[str] = ()) -> Future[Mapping[str, str]]:
        """The versions that an alias points at, by model; of all models where none is named."""
        ...

    def details(self, versions: Sequence[ModelVersion]) -> Future[tuple[ModelDetails, ...]]:
        """The signatures and metrics of these versions, in the same order."""
        ...

    def mark(self, marks: Sequence[ModelMark]) -> Future[None]:
        """Tag versions and move aliases; to do so again changes nothing."""
        ...

    def set_aliases(self, versions: Sequence[ModelVersion]) -> Future[None]:
        """Put the aliases back on these versions."""
        ...

    def flush(self) -> None:
        """Wait until all that was asked is done.

        Raises:
            TrackingError: the first failure whose future nobody has looked at.
        """
        ...

    def close(self) -> None:
        """Carry out what was asked, and let go of everything. Failures are not raised; `flush` first for those."""
        ...
