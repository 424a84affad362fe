"""A repository that people push to, and the small pipelines that they push."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

_PERSON = {f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
_ALONE = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


class Origin:
    """A bare repository, and the work tree of somebody who pushes to it."""

    def __init__(self, folder: Path) -> None:
        self.url = folder / "origin.git"
        self.work_tree = folder / "work"
        folder.mkdir(parents=True, exist_ok=True)
        _git(folder, "init", "-q", "--bare", "-b", "main", str(self.url))
        _git(folder, "init", "-q", "-b", "main", str(self.work_tree))
        self.git("remote", "add", "origin", str(self.url))

    def moved(self, folder: Path) -> Origin:
        """The one that a copy of its folder is."""
        origin = Origin.__new__(Origin)
        origin.url, origin.work_tree = folder / self.url.name, folder / self.work_tree.name
        origin.git("remote", "set-url", "origin", str(origin.url))
        return origin

    def git(self, *arguments: str) -> str:
        return _git(self.work_tree, *arguments)

    def push(self, files: Mapping[str, str | None]) -> str:
        """Commit these files – None deletes one – and push; returns the commit."""
        for name, text in files.items():
            path = self.work_tree / name
            if text is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "-q", "--allow-empty", "-m", "a change")
        return self._pushed()

    def tag(self, name: str, target: str | None = "HEAD") -> None:
        """Push a tag and nothing else, wherever it led before; with None, take it away."""
        if target is None:
            self.git("push", "-q", "origin", f":refs/tags/{name}")
            return
        self.git("tag", "--force", "--annotate", "-m", "a release", name, target)
        self.git("push", "-q", "--force", "origin", f"refs/tags/{name}")

    def revert(self) -> str:
        """Undo the newest commit by another one; returns that."""
        self.git("revert", "--no-edit", "HEAD")
        return self._pushed()

    def _pushed(self) -> str:
        self.git("push", "-q", "--force", "origin", "HEAD:main")
        return self.git("rev-parse", "HEAD")


def pipeline(*commands: str, name: str = "greet") -> str:
    """A pipeline of which each step runs a command, the next one after it."""
    steps = [_step(number, command) for number, command in enumerate(commands)]
    return f"type: pipeline\nname: {name}\njobs:\n{''.join(steps)}"


def environment_manifest(name: str) -> str:
    """An environment of version 1.0.0."""
    return (
        "$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json\n"
        f"name: {name}\nversion: 1.0.0\nimage: python\n"
    )


def _step(number: int, command: str) -> str:
    output = f"${{{{parent.jobs.step_{number - 1}.outputs.text}}}}"
    source = f"{{type: uri_file, path: {json.dumps(output)}}}" if number else "7"
    lines = (
        f"step_{number}:",
        "  type: command",
        f"  command: {json.dumps(command + ' && echo ${{inputs.before}} > ${{outputs.text}}')}",
        f"  inputs: {{before: {source}}}",
        "  outputs: {text: {type: uri_file}}",
        "  environment: {image: python}",
    )
    return "".join(f"  {line}\n" for line in lines)


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, **_PERSON, **_ALONE},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()
