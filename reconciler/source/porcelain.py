"""Git as its user runs it: with hooks, signatures and credentials, for what is to be theirs."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.model.errors import SourceError
from reconciler.source.plumbing import complaint, environment, not_started

_SETTINGS: Final = {
    "core.quotePath": "false",
    "i18n.commitEncoding": "UTF-8",  # that is what we write, whatever the user's editor writes
    "protocol.ext.allow": "never",
}
_PREFIX: Final = ("git", *(part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")))
_LINES: Final = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said, failed or not."""

    status: int
    said: str
    complaints: str


def run_as_user(folder: Path, *arguments: str, input: bytes | None = None) -> None:
    """Run a git command in a work tree.

    Raises:
        SourceError: git is not installed, or it failed: its words, or those of a hook, are the message.
    """
    try:
        done = subprocess.run(
            [*_PREFIX, *arguments],
            input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
            cwd=folder,
            env=_environment(),
            check=False,
        )
    except OSError as error:
        raise not_started(error, folder) from error
    if done.returncode:
        raise SourceError(_words(done.stderr, arguments, done.returncode), place=str(folder))


def run_with_deadline(
    folder: Path, arguments: Sequence[str], seconds: float, variables: Mapping[str, str] | None = None
) -> Answer | None:
    """Run a git command that talks to a remote; None where it took longer.

    Args:
        variables: of its environment, besides ours.

    Raises:
        SourceError: git is not installed.
    """
    try:
        process = subprocess.Popen(
            [*_PREFIX, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={**_environment(), **(variables or {})},
            start_new_session=True,  # with the programs that git starts for the transport
        )
    except OSError as error:
        raise not_started(error, folder) from error
    with process:
        try:
            said, complaints = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return None
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return Answer(process.returncode, said.decode(errors="replace"), complaints.decode(errors="replace"))


def _environment() -> dict[str, str]:
    """Git in English, but for hooks the characters that the user's programs expect."""
    characters = next((told for name in ("LC_ALL", "LC_CTYPE", "LANG") if (told := os.environ.get(name))), "C")
    words = {"LC_ALL": "", "LANGUAGE": "", "LC_MESSAGES": "C", "LC_CTYPE": characters}
    return environment({**words, "GIT_EDITOR": ":"})


def _words(stderr: bytes, arguments: Sequence[str], status: int) -> str:
    """Git's complaint; where it has none a hook spoke, whose first cause may be some lines before its last."""
    lines = [line.rstrip() for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    if any(line.startswith(("fatal: ", "error: ")) for line in lines) or not lines:
        return complaint(stderr, tuple(arguments), status)
    return "\n".join(lines[-_LINES:])
