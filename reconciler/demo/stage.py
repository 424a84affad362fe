"""Where the demonstration plays: a work tree, its origin, and a daemon that follows it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from reconciler.cli.output import say
from reconciler.cli.progress import Progress
from reconciler.cli.verb_init import DAEMON_LOG, ORIGIN, STATE, WORK_TREE, lay_out, start_daemon
from reconciler.model.errors import ReconcilerError
from reconciler.model.runs import Run
from reconciler.model.status import ConditionType
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

SOURCE = "main"
_LONGEST_ACT_SECONDS = 3600.0
_STOP_SECONDS = 30.0
_INTERVAL_SECONDS = 0.02


class DemoError(ReconcilerError):
    """The demonstration did not go as it should."""


class Stage:
    """Drives git as a user would, and reads the state that the daemon writes."""

    def __init__(self, folder: Path, rows: int, engine: str) -> None:
        self.folder = folder
        self.work_tree = folder / WORK_TREE
        self.state_folder = StateFolder(folder / STATE)
        self._log = folder / DAEMON_LOG
        lay_out(self.work_tree, folder / ORIGIN, rows)
        self.state = State(self.state_folder)
        pid = start_daemon(folder / ORIGIN, self.state_folder.root, self._log, ("--engine", engine))
        self._daemon = psutil.Process(pid)

    @property
    def daemon_pid(self) -> int:
        return self._daemon.pid

    def wait_for_daemon(self) -> None:
        """Wait until the daemon follows the origin."""
        self._wait(lambda: self.state.lock.owner() == self._daemon.pid and self._is_looked_at())

    def _is_looked_at(self) -> bool:
        source = self.state.sources.get(SOURCE)
        return source is not None and all(each.reason != "Progressing" for each in source.conditions)

    def git(self, *arguments: str) -> str:
        """Run git in the work tree.

        Raises:
            DemoError: git refuses.
        """
        environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "true"}
        command = ["git", *arguments]
        done = subprocess.run(command, cwd=self.work_tree, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise DemoError(f"`{' '.join(command)}` failed: {done.stderr.strip()}", place=str(self.work_tree))
        return done.stdout.strip()

    def edit(self, file: str, before: str, after: str) -> None:
        """Replace the one place in a file where a text stands."""
        path = self.work_tree / file
        text = path.read_text(encoding="utf-8")
        if text.count(before) != 1:
            raise DemoError(f"`{before}` does not stand exactly once in the file", place=str(path))
        path.write_text(text.replace(before, after), encoding="utf-8")

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def push(self) -> list[Run]:
        """Push, show what the daemon does about it, and give the runs that it started."""
        say(f"$ git push    # {self.git('log', '-1', '--format=%h %s')}")
        commit = self.git("rev-parse", "HEAD")
        progress = Progress(self.state)
        self.git("push", "--quiet", "origin", "main")
        progress.follow(lambda: self._has_settled(commit))
        return progress.runs()

    def refusal(self) -> str:
        """Why the newest revision is not applied, "" where it is."""
        source = self.state.sources.get(SOURCE)
        conditions = source.conditions if source else ()
        return next((each.message for each in conditions if each.type is ConditionType.STALLED and each.status), "")

    def applied_commit(self) -> str:
        source = self.state.sources.get(SOURCE)
        return source.applied_commit if source else ""

    def _has_settled(self, commit: str) -> bool:
        """Whether the daemon has dealt with a commit: refused it, or applied it and ended its runs."""
        self._check_daemon()
        source = self.state.sources.get(SOURCE)
        if source is None or source.attempted_commit != commit:
            return False
        if source.applied_commit != commit:
            return True
        return not self.state.runs.running()

    def _wait(self, is_done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _LONGEST_ACT_SECONDS
        while not is_done():
            self._check_daemon()
            if time.monotonic() > deadline:
                raise DemoError("the daemon does not answer", place=str(self._log))
            time.sleep(_INTERVAL_SECONDS)

    def _check_daemon(self) -> None:
        if not self._daemon.is_running() or self._daemon.status() == psutil.STATUS_ZOMBIE:
            lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
            raise DemoError("the daemon ended:\n" + "\n".join(lines), place=str(self._log))

    def close(self) -> None:
        """Stop the daemon as an operator would, and wait for it."""
        try:
            self._daemon.terminate()
            self._daemon.wait(timeout=_STOP_SECONDS)
        except psutil.NoSuchProcess:
            pass
        except psutil.TimeoutExpired:
            self._daemon.kill()
        self.state.close()
