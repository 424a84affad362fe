"""The pipelines among files that a change cannot reach, told without reading all of them as manifests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from reconciler.manifests.loader import read_files
from reconciler.manifests.names import default_name
from reconciler.model.pipelines import Pipeline
from reconciler.source.reading_ahead import ReadAhead

_NAME = re.compile(rb"^name:[ \t]+([A-Za-z0-9][\w.-]*)[ \t]*$", re.MULTILINE)
_RUNS = re.compile(rb"^(?:type:[ \t]+pipeline[ \t]*$|jobs:|\$schema:.*[Pp]ipeline[Jj]ob)", re.MULTILINE)
_MAY_RUN = re.compile(rb"pipeline|jobs|trial|command[Jj]ob|experiment_name|compute")
_MAY_BE_ANOTHER = re.compile(rb"^(?:inputs:|\$schema:|\{)", re.MULTILINE)


def pipelines_in(files: Mapping[str, str], blobs: ReadAhead) -> Iterator[str]:
    """The names of pipelines in files, given by path with the ids of their blobs.

    What has jobs and no inputs is a pipeline; what may also be something else is read.
    """
    contents = blobs.read_many(list(files.values()))
    doubtful: dict[str, str] = {}
    for path, oid in files.items():
        content = contents[oid]
        if not _MAY_RUN.search(content):
            continue
        if _RUNS.search(content) and not _MAY_BE_ANOTHER.search(content):
            name = _NAME.search(content)
            yield name[1].decode() if name else default_name(path)
        else:
            doubtful[path] = oid
    for loaded in read_files(doubtful, blobs).values():
        if isinstance(loaded.manifest, Pipeline):
            yield loaded.manifest.name
