"""What the daemon follows: what the command line says, else what the configuration does."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reconciler.daemon.source_settings import SourceSettings
from reconciler.model.configuration import Configuration, ConfiguredSource
from reconciler.model.errors import UsageError
from reconciler.state.sources import LOCAL_SOURCE

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*\Z", re.ASCII)
_MOST_JITTER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What the command line says of sources.

    Attributes:
        url: of the only one, None to follow those of the configuration.
        interval: in seconds, also of sources whose configuration says nothing of it.
        data_roots: likewise.
    """

    url: str | None = None
    branch: str = "main"
    name: str = "main"
    interval: float = 60.0
    data_roots: tuple[str, ...] = ()


def followed(options: SourceOptions, configuration: Configuration) -> tuple[SourceSettings, ...]:
    """The sources to follow.

    Raises:
        UsageError: there is none, or it cannot be followed like that.
    """
    if options.url is not None:
        return (_settings(_single(options, configuration), options, configuration),)
    if not configuration.sources:
        hint = "name one with `--source URL`, or several below `sources:` in the file that `--config` names"
        raise UsageError("there is nothing to follow", place=configuration.file or None, hint=hint)
    return tuple(_settings(source, options, configuration) for source in configuration.sources)


def _single(options: SourceOptions, configuration: Configuration) -> ConfiguredSource:
    name, branch = options.name, options.branch
    if name == LOCAL_SOURCE or not _NAME.match(name):
        hint = f"use letters, digits, `.`, `_` and `-`; `{LOCAL_SOURCE}` is what `apply` goes by"
        raise UsageError(f"a source cannot be named `{name}`", hint=hint)
    if ":" in branch:
        hint = "a tag, a range of versions or a commit is followed by `sources:` in the configuration"
        raise UsageError(f"no branch can be named `{branch}`", hint=hint)
    upgrades = configuration.upgrades
    if upgrades is not None and upgrades.branch == branch:
        hint = "name another one in the configuration: `upgrades: {branch: reconciler/upgrades}`"
        raise UsageError(f"upgrades cannot be committed to `{branch}`, which is followed", hint=hint)
    return ConfiguredSource(name, options.url or "", branch, upgrades=upgrades)


def _settings(source: ConfiguredSource, options: SourceOptions, configuration: Configuration) -> SourceSettings:
    interval = options.interval if source.interval is None else source.interval
    return SourceSettings(
        source.name,
        source.url,
        source.followed,
        options.data_roots if source.data_roots is None else source.data_roots,
        upgrades=source.upgrades,
        upkeep=configuration.upkeep,
        folder=source.folder,
        experiment_prefix=source.experiment_prefix,
        interval=interval,
        jitter=min(_MOST_JITTER_SECONDS, interval / 10) if source.jitter is None else source.jitter,
        timeout=source.timeout,
        access=source.access,
        verification=source.verification,
        windows=configuration.windows,
        engine=source.engine,
        deadline=source.deadline,
        fetching=source.fetching,
        pull_requests=source.pull_requests,
    )
