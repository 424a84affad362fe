"""What is kept of what nothing needs at the moment, down to what the operator wants kept."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reconciler.model.resources import size_text
from reconciler.model.runs import Result
from reconciler.model.upkeep import Retention
from reconciler.planning.retention import Claim, StoredOutput, superfluous_outputs, superfluous_runs
from reconciler.state.environments import BUILDING
from reconciler.state.outputs import remove, size_of
from reconciler.state.store import State
from reconciler.state.usage import Usage, Uses

log = logging.getLogger("reconciler")
_JUST_MADE_SECONDS = 3600.0  # a step's output is in the store before it is noted
_PAUSE_SECONDS = 1.0
_OF_GIT = "git-"


@dataclass(frozen=True, slots=True)
class Superfluous:
    """Something that is to go, or went.

    Attributes:
        kind: `output`, `run`, `logs`, `code`, `work`, `data` or `spoilt`.
        size: bytes.
    """

    kind: str
    name: str
    size: int


def tidy(
    state: State, retention: Retention, now: float, is_dry: bool = False, pause: Callable[[float], None] = time.sleep
) -> list[Superfluous]:
    """Remove what is superfluous, and tell what; with `is_dry`, tell what would be.

    What lies beside runs – code, folders of steps, fetched data – is looked at only while none is under way.
    """
    usage = Usage(state.database)
    outputs = _outputs(state, usage, retention, now)
    if is_dry:
        runs = _runs_without(state, usage, outputs, retention)
    else:
        outputs = _without_outputs(state, usage, outputs, pause)
        state.outputs.remove_unfinished(now - _JUST_MADE_SECONDS)
        runs = _remove_runs(state, usage, retention)
    told = [Superfluous("output", each.digest[:12], each.size) for each in outputs]
    told.extend(Superfluous("run", run_id, 0) for run_id in runs)
    for kind, path in _files(state, usage, retention, now):
        told.append(Superfluous(kind, path.name, size_of(path)))
        if not is_dry:
            remove(path)
    return told


def tidy_and_tell(state: State, retention: Retention, now: float) -> None:
    """Remove what is superfluous, as the daemon does it once a day; what goes wrong is logged, and tried next time."""
    try:
        gone = tidy(state, retention, now)
    except Exception:
        log.exception("what is superfluous could not be removed")
        return
    if gone:
        log.info("removed %d superfluous things, %s", len(gone), size_text(sum(each.size for each in gone)))


# --- outputs ---


def _outputs(state: State, usage: Usage, retention: Retention, now: float) -> list[StoredOutput]:
    with state.database.snapshot():
        named, needed, pruned = usage.contents(), _needed(usage), usage.pruned_pipelines()
    stored = [
        StoredOutput(
            digest, size_of(path), _claim(digest, path, named, needed, pruned, now), _used(digest, path, named)
        )
        for digest, path in state.outputs.all()
    ]
    return superfluous_outputs(stored, retention, now)


def _needed(usage: Usage) -> set[str]:
    """What pipelines that are there reuse, what runs under way may read, and what versions stand for."""
    of_pipelines, under_way = usage.important_runs()
    pruned = usage.pruned_pipelines()
    living = [run for pipeline, runs in of_pipelines.items() if pipeline not in pruned for run in runs]
    return usage.named_by(living) | usage.named_by(under_way, are_under_way=True) | usage.registered()


def _claim(digest: str, path: Path, named: dict[str, Uses], needed: set[str], pruned: set[str], now: float) -> Claim:
    key = _key(digest)
    if key in needed:
        return Claim.NEEDED
    if key in named:
        return Claim.PRUNED if named[key].pipelines <= pruned else Claim.CACHED
    if now - path.lstat().st_ctime < _JUST_MADE_SECONDS:
        return Claim.NEEDED
    return Claim.CACHED if digest.startswith(_OF_GIT) else Claim.UNNAMED


def _used(digest: str, path: Path, named: dict[str, Uses]) -> float:
    uses = named.get(_key(digest))
    return uses.used if uses is not None else path.lstat().st_mtime


def _key(digest: str) -> str:
    """What a content is named by in the record: a file of Git by its object id."""
    return f"git:{digest.removeprefix(_OF_GIT)}" if digest.startswith(_OF_GIT) else digest


def _without_outputs(
    state: State, usage: Usage, chosen: list[StoredOutput], pause: Callable[[float], None]
) -> list[StoredOutput]:
    """Remove outputs; returns those that went.

    Their results are forgotten first: a crash in between leaves an output that nothing names, never a result without
    its output. A run that took one up just before has noted so after a moment, and keeps it.
    """
    digests = {each.digest for each in chosen}
    forgotten = _forget(state, usage, chosen)
    _, under_way = usage.important_runs()
    spared: set[str] = set()
    if under_way and chosen:
        pause(_PAUSE_SECONDS)
        spared = usage.named_by(usage.important_runs()[1]) & digests
        for result in forgotten:
            if spared.intersection(result.outputs.values()):
                state.results.save(result, time.time())
    gone = [each for each in chosen if each.digest not in spared]
    for each in gone:
        state.outputs.discard(each.digest)
        state.verified.forget(each.digest)
    return gone


def _forget(state: State, usage: Usage, outputs: list[StoredOutput]) -> list[Result]:
    """Forget the results that hold one of these; returns them."""
    with state.database.transaction():
        forgotten = usage.results_holding(each.digest for each in outputs)
        for result in forgotten:
            state.results.forget(result.fingerprint)
    return forgotten


# --- runs ---


def _remove_runs(state: State, usage: Usage, retention: Retention) -> list[str]:
    with state.database.transaction():
        beyond = superfluous_runs(usage.all_runs(state.runs), retention, usage.referred_runs())
        usage.remove_runs(run.id for run in beyond)
    return [run.id for run in beyond]


class _NotMeant(Exception):  # noqa: N818 - no error
    """Ends a transaction so that nothing of it is kept."""


def _runs_without(state: State, usage: Usage, outputs: list[StoredOutput], retention: Retention) -> list[str]:
    """The runs that would go too, once the results of outputs that go are forgotten."""
    found: list[str] = []
    with suppress(_NotMeant), state.database.transaction():
        _forget(state, usage, outputs)
        found = _remove_runs(state, usage, retention)
        raise _NotMeant
    return found


# --- files ---


def _files(state: State, usage: Usage, retention: Retention, now: float) -> Iterator[tuple[str, Path]]:
    folder = state.folder
    of_pipelines, under_way = usage.important_runs()
    yield from _old("logs", _within(folder.logs / "runs"), now - retention.logs_seconds, set(under_way))
    built = {Path(each.log).name for each in state.environments.all() if each.status == BUILDING}
    yield from _old("logs", _within(folder.logs / "environments"), now - retention.logs_seconds, built)
    yield from _old("spoilt", _within(folder.spoilt), now - retention.logs_seconds, set())
    if under_way or built:
        return
    important = [run for runs in of_pipelines.values() for run in runs]
    definitions = state.runs.definitions(usage.definitions(important)).values()
    code = {each.code.tree for each in definitions if each.code is not None}
    yield from _old("code", _within(folder.code), now - _JUST_MADE_SECONDS, code)
    yield from _old("work", _within(folder.work), now - _JUST_MADE_SECONDS, set())
    data = {digest.replace(":", "-") for digest in usage.named_by(important)}
    yield from _old("data", _within(folder.data), now - _JUST_MADE_SECONDS, data)


def _within(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith(".")) if folder.is_dir() else ()


def _old(kind: str, paths: Iterable[Path], before: float, kept: set[str]) -> Iterator[tuple[str, Path]]:
    for path in paths:
        if path.name not in kept and _last_change(path) < before:
            yield kind, path


def _last_change(path: Path) -> float:
    """Of a file, or of a folder and the newest file right in it."""
    moments = [path.lstat().st_mtime]
    if path.is_dir() and not path.is_symlink():
        moments.extend(entry.stat(follow_symlinks=False).st_mtime for entry in os.scandir(path))
    return max(moments)
