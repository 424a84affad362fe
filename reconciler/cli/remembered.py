"""A source that was followed before, as the configuration or else the state knows it."""

from __future__ import annotations

from reconciler.cli.sources import SourceOptions, followed
from reconciler.daemon.source_settings import SourceSettings
from reconciler.model.configuration import Configuration
from reconciler.state.sources import SourceState


def remembered(source: SourceState, configuration: Configuration, data_roots: tuple[str, ...] = ()) -> SourceSettings:
    """How it is followed: as the configuration says, else as the state remembers it, which keeps no credentials."""
    if any(each.name == source.name for each in configuration.sources):
        every = followed(SourceOptions(data_roots=data_roots), configuration)
        return next(each for each in every if each.name == source.name)
    return SourceSettings(source.name, source.url, source.branch, data_roots, windows=configuration.windows)
