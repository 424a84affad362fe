"""`init`: a repository to start from, with a bare origin beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from reconciler.cli.output import say
from reconciler.model.errors import ReconcilerError, UsageError
from reconciler.shipped import shipped_folder
from reconciler.source.initialise import create_repository

WORK_TREE, ORIGIN, STATE, DAEMON_LOG = "repo", "origin.git", "state", "daemon.log"
_NOT_COPIED = shutil.ignore_patterns("__pycache__", ".keep")
_GENERATOR = Path("data") / "generate_lending_club.py"


def init(folder: Path, rows: int, is_started: bool) -> int:
    """Lay out the template with its components and data, commit it, and say what comes next."""
    folder = folder.resolve()
    work_tree, origin, state = folder / WORK_TREE, folder / ORIGIN, folder / STATE
    lay_out(work_tree, origin, rows)
    say(f"repository  {work_tree}")
    say(f"origin      {origin}")
    say(f"state       {state}")
    if is_started:
        pid = start_daemon(origin, state, folder / DAEMON_LOG)
        say(f"daemon      process {pid}, log in {folder / DAEMON_LOG}; stop it with `kill {pid}`")
        say(f"next: cd {work_tree} && git push, then `reconciler get --state {state}`")
    else:
        say(f"next: reconciler daemon --source {origin} --state {state}")
        say(f"then: cd {work_tree} && git push")
    return 0


def lay_out(work_tree: Path, origin: Path, rows: int) -> None:
    """Make the work tree and its origin.

    Raises:
        UsageError: there is something in the folder already.
    """
    if work_tree.is_dir() and any(work_tree.iterdir()):
        raise UsageError("the folder is not empty", place=str(work_tree), hint="choose a new folder")
    try:
        work_tree.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"the folder cannot be made: {(error.strerror or str(error)).lower()}"
        raise UsageError(message, place=str(work_tree), hint="choose a new folder that you may write to") from error
    shutil.copytree(shipped_folder("repo-template"), work_tree, dirs_exist_ok=True, ignore=_NOT_COPIED)
    shutil.copytree(shipped_folder("components"), work_tree / "components", dirs_exist_ok=True, ignore=_NOT_COPIED)
    output = work_tree / "data" / "lending_club_raw.csv"
    command = [sys.executable, str(work_tree / _GENERATOR), "--rows", str(rows), "--seed", "7", "--output", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReconcilerError(f"the sample data cannot be made: {done.stderr.strip()}", place=str(_GENERATOR))
    create_repository(work_tree, origin, message="Lending club: components, environments, data, pipeline")


def start_daemon(origin: Path, state: Path, log: Path, options: tuple[str, ...] = ()) -> int:
    """Start a daemon in the background and return its process id."""
    followed = ["--source", str(origin), "--state", str(state), "--log-format", "console"]  # a person reads the file
    command = [sys.executable, "-m", "reconciler", "daemon", *followed, *options]
    with log.open("ab") as file:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    return process.pid
