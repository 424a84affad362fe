"""The program, as a person calls it: in this process where that is the same, else as a process of its own."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from reconciler.cli.main import main


@dataclass(frozen=True)
class Answer:
    """What a verb printed, and its exit status."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """The output as JSON."""
        return json.loads(self.out)

    @property
    def yaml(self) -> Any:
        return yaml.safe_load(self.out)

    @property
    def table(self) -> list[dict[str, str]]:
        """The rows by column, where the output is a table."""
        lines = self.out.splitlines()
        starts = [header.start() for header in re.finditer(r"\S+", lines[0])]
        ends = [*starts[1:], None]
        rows = [[line[start:end].strip() for start, end in zip(starts, ends, strict=True)] for line in lines]
        return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def reconciler(*arguments: str | Path, folder: Path | None = None) -> Answer:
    """Run a verb to its end in this process."""
    out, err = io.StringIO(), io.StringIO()
    before = sys.argv
    sys.argv = ["reconciler", *map(str, arguments)]
    code = 0
    try:
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            contextlib.chdir(folder or Path.cwd()),
            log_as_before(),
        ):
            main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    finally:
        sys.argv = before
    return Answer(code, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def log_as_before() -> Iterator[None]:
    """A daemon sets the log of its process up; what other tests listen to must stay."""
    root, hook = logging.getLogger(), threading.excepthook
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.captureWarnings(False)
        threading.excepthook = hook


def process(*arguments: str | Path, folder: Path | None = None) -> Answer:
    """Run a verb to its end as a process of its own."""
    command = [sys.executable, "-m", "reconciler", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return Answer(done.returncode, done.stdout, done.stderr)
