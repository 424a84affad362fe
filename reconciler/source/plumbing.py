"""Git's plumbing commands, run on one repository without the surprises of a user's configuration."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from reconciler.model.errors import SourceError

_SETTINGS: Final = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.quotePath": "false",
    "core.splitIndex": "false",  # its shared half would be written into the user's repository
    "advice.detachedHead": "false",
    "protocol.ext.allow": "never",
}
_LONGEST_SECONDS: Final = 600.0
_ENVIRONMENT: Final = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",  # an id stands for one content
    "GIT_ALLOW_PROTOCOL": "file:http:https:ssh",
    "SSH_ASKPASS_REQUIRE": "never",
}
# Set by git where it runs a hook: they would turn our commands to the repository of that hook.
_INHERITED: Final = re.compile(
    r"GIT_(DIR|WORK_TREE|IMPLICIT_WORK_TREE|COMMON_DIR|INDEX_FILE|INDEX_VERSION|OBJECT_DIRECTORY"
    r"|ALTERNATE_OBJECT_DIRECTORIES|QUARANTINE_PATH|PREFIX|INTERNAL_SUPER_PREFIX|GRAFT_FILE|SHALLOW_FILE"
    r"|REPLACE_REF_BASE|NAMESPACE|CONFIG|CONFIG_PARAMETERS|LITERAL_PATHSPECS|GLOB_PATHSPECS|NOGLOB_PATHSPECS"
    r"|ICASE_PATHSPECS|REFLOG_ACTION|FLUSH|TRACE\w*|TR2_\w+)"
)


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment that git gets: ours without what would point it elsewhere, and `changes` on top."""
    inherited = {name: value for name, value in os.environ.items() if not _INHERITED.fullmatch(name)}
    return inherited | _ENVIRONMENT | dict(changes or {})


class Git:
    """Runs `git` on one repository.

    Args:
        git_dir: the repository; None to let git look for it from `folder` upwards.
        folder: where git runs; by default where this process does.
        work_tree: the files that belong to the repository, for the commands that touch some.
        env: environment variables of every command.
        config: settings on top of those that keep git predictable.
    """

    def __init__(
        self,
        git_dir: Path | None,
        *,
        folder: Path | None = None,
        work_tree: Path | None = None,
        env: Mapping[str, str] | None = None,
        config: Mapping[str, str] | None = None,
    ) -> None:
        self.git_dir = git_dir
        self.folder = folder
        self._env = dict(env or {})
        self._prefix = ["git"]
        if git_dir is not None:
            self._prefix.append(f"--git-dir={git_dir}")
        if work_tree is not None:
            self._prefix.append(f"--work-tree={work_tree}")
        for name, value in (_SETTINGS | dict(config or {})).items():
            self._prefix += ["-c", f"{name}={value}"]

    @property
    def variables(self) -> Mapping[str, str]:
        """What every command finds in its environment besides."""
        return self._env

    def command(self, *args: str) -> list[str]:
        """The full command line of a git command, for who starts the process on their own."""
        return [*self._prefix, *args]

    def environment(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """The full environment of a git command."""
        return environment({**self._env, **(env or {})})

    def run(self, *args: str, input: bytes | None = None, env: Mapping[str, str] | None = None) -> bytes:
        """What the command printed.

        Raises:
            SourceError: git is not installed, does not come to an end, or failed: its last words are the message.
        """
        try:
            done = subprocess.run(
                self.command(*args),
                input=input,
                stdin=subprocess.DEVNULL if input is None else None,
                capture_output=True,
                cwd=self.folder,
                env=self.environment(env),
                timeout=_LONGEST_SECONDS,
                check=False,
            )
        except OSError as error:
            raise not_started(error, self.folder) from error
        except subprocess.TimeoutExpired as error:
            message = f"git {args[0]} did not end within {_LONGEST_SECONDS:g} seconds"
            raise SourceError(message, place=self._place(), hint="does the disk answer?") from error
        if done.returncode != 0:
            raise SourceError(complaint(done.stderr, args, done.returncode), place=self._place())
        return done.stdout

    def _place(self) -> str | None:
        place = self.git_dir or self.folder
        return str(place) if place else None


def not_started(error: OSError, folder: Path | None) -> SourceError:
    """Why a git process could not be started, in words."""
    if folder is not None and not folder.is_dir():
        return SourceError("the folder does not exist", place=str(folder), hint="check the path")
    return SourceError(f"git cannot be started: {error}", hint="install git and see that it is on PATH")


def complaint(stderr: bytes, args: tuple[str, ...], status: int) -> str:
    """Git's own message: how it ended and what was the first cause, without the general advice around them."""
    lines = [line.strip() for line in stderr.decode(errors="replace").splitlines()]
    fatal, errors = (
        [line.removeprefix(kind) for line in lines if line.startswith(kind)] for kind in ("fatal: ", "error: ")
    )
    if fatal or errors:
        return ": ".join(fatal[:1] + errors[:1])
    said = [line for line in lines if line]
    return said[-1] if said else f"git {args[0]} ended with status {status}"
