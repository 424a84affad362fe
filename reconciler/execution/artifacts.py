"""What a step writes to `./outputs` and `./logs`: kept beside its run in MLflow, not handed on to other steps."""

from __future__ import annotations

import filecmp
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reconciler.execution.workspace import ARTIFACT_FOLDERS
from reconciler.model.resources import size_text
from reconciler.state.outputs import remove

MOST_FILES = 1000
MOST_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Limit:
    """How much of it is kept."""

    files: int = MOST_FILES
    size: int = MOST_BYTES


class Artifacts:
    """Set aside by rename when a step ends, so that MLflow can be told at leisure, after a restart too."""

    def __init__(self, folder: Path, limit: Limit | None = None) -> None:
        self._folder = folder
        self._limit = limit or Limit()

    def place(self, run_id: str, step: str, trial: str = "") -> Path:
        """Where those of a step lie until MLflow has them."""
        return self._folder / run_id / (f"{step}.{trial}" if trial else step)

    def discard(self, place: Path) -> None:
        """Remove what an execution that begins anew had left."""
        remove(place)

    def set_aside(self, directory: Path, code: Path | None, place: Path, log: Path) -> None:
        """Move what a step left in its working directory; what was in its code already stays.

        What is more than the limit is left, and the step's log says so. What a process that was killed over this had
        moved already stays where it is.
        """
        moved = [path.lstat().st_size for path in place.rglob("*") if path.is_file()]
        count, size, left = len(moved), sum(moved), 0
        for path in _files(directory):
            about = path.lstat().st_size
            if code is not None and _is_same(path, code / path.relative_to(directory)):
                continue
            if count >= self._limit.files or size + about > self._limit.size:
                left += 1
                continue
            target = place / path.relative_to(directory)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
            count, size = count + 1, size + about
        if left:
            most = f"{self._limit.files} files and {size_text(self._limit.size)} are kept"
            with log.open("a", encoding="utf-8") as file:
                file.write(f"-- {left} files of ./outputs and ./logs are not kept as artifacts: at most {most} --\n")


def _files(directory: Path) -> Iterator[Path]:
    """Plain files alone: a link could lead anywhere."""
    for name in ARTIFACT_FOLDERS:
        top = directory / name
        if top.is_symlink():
            continue
        for folder, folders, files in os.walk(top):
            folders.sort()
            for file in sorted(files):
                path = Path(folder) / file
                if path.is_file() and not path.is_symlink():
                    yield path


def _is_same(path: Path, original: Path) -> bool:
    return original.is_file() and filecmp.cmp(path, original, shallow=False)
