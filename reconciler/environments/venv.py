"""Virtual environments for the process engine, built by uv from conda files and requirements."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.environments.base import EnvironmentSpec, Leftover, Needed
from reconciler.environments.build_lock import locked
from reconciler.environments.conda_file import read_conda_file
from reconciler.model.errors import EnvironmentBuildError
from reconciler.state.log_tail import log_tail

_COMPLETE = ".complete"
_START_SECONDS = 60.0
_ENDED_FROM_OUTSIDE = (0, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT)
_PASSED_ON = re.compile(
    r"^(HOME|PATH|LANG|TMPDIR|UV_.*|PIP_.*|XDG_.*|SSL_CERT_.*|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|.*_proxy|.*_PROXY)$"
)
_FROM_PYTHON = re.compile(r"^FROM\s+(?:--\S+\s+)?(?:\S+/)?python:(\d+\.\d+(?:\.\d+)?)", re.IGNORECASE | re.MULTILINE)
_REQUIREMENTS = re.compile(
    r"^RUN\b.*?\b(?:pip[\d.]*|uv)\b[^&;|\n]*\binstall\b[^&;|\n]*?\s(?:-r|--requirement)[ =](\S+)",
    re.IGNORECASE | re.MULTILINE,
)
_RUN = re.compile(r"^RUN\s+(?!.*\b(?:pip[\d.]*|uv)\b.*\binstall\b)(.+)$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Recipe:
    """What goes into a virtual environment."""

    python: str
    requirements: tuple[str, ...] = ()
    requirements_file: Path | None = None


class VenvBuilder:
    """Builds a virtual environment per digest; one without its mark of completion is built anew."""

    engine = "process"

    def __init__(self, folder: Path, uv: str | None = None) -> None:
        self._folder = folder.absolute()
        self._uv = uv

    def location(self, spec: EnvironmentSpec) -> str | None:
        """See `EnvironmentBuilder.location`."""
        venv = self._venv(spec)
        return str(venv) if (venv / _COMPLETE).exists() and (venv / "bin" / "python").exists() else None

    def build(self, spec: EnvironmentSpec, log: Path) -> str:
        """See `EnvironmentBuilder.build`; two processes that need the same one build it once."""
        recipe = _recipe(spec)
        venv = self._venv(spec)
        with locked(self._folder / f"{venv.name}.lock") as lock:
            known = self.location(spec)
            if known is not None:
                return known
            shutil.rmtree(venv, ignore_errors=True)
            try:
                self._make(venv, recipe, spec, log, lock)
            except BaseException:
                shutil.rmtree(venv, ignore_errors=True)
                raise
        return str(venv)

    def _make(self, venv: Path, recipe: _Recipe, spec: EnvironmentSpec, log: Path, lock: int) -> None:
        log.write_bytes(b"")
        for note in self.notes(spec):
            _write(log, f"note: {note}")
        self._run(["venv", "--python", recipe.python, str(venv)], spec, log, lock)
        python = str(venv / "bin" / "python")
        install = ["pip", "install", "--python", python, "--compile-bytecode"]
        if recipe.requirements_file is not None:
            self._run([*install, "--requirement", str(recipe.requirements_file)], spec, log, lock)
        elif recipe.requirements:
            self._run([*install, "--", *recipe.requirements], spec, log, lock)
        staged = venv / f"{_COMPLETE}.tmp"
        staged.write_text(spec.digest, encoding="utf-8")
        staged.rename(venv / _COMPLETE)

    def broken(self, spec: EnvironmentSpec) -> str:
        """See `EnvironmentBuilder.broken`: its Python is started."""
        venv = self.location(spec)
        if venv is None:
            return ""
        try:
            done = subprocess.run(
                [str(Path(venv) / "bin" / "python"), "-c", ""],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_START_SECONDS,
                env=_environment(),
                check=False,
            )
        except (FileNotFoundError, PermissionError) as error:
            return f"its Python does not start: {(error.strerror or str(error)).lower()}"
        except (OSError, subprocess.TimeoutExpired):
            return ""  # the machine is busy, which says nothing against the environment
        if done.returncode in _ENDED_FROM_OUTSIDE:
            return ""
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        return f"its Python does not start: {last or f'exit status {done.returncode}'}"

    def discard(self, spec: EnvironmentSpec) -> None:
        """See `EnvironmentBuilder.discard`: without its mark it is not whole."""
        (self._venv(spec) / _COMPLETE).unlink(missing_ok=True)

    def notes(self, spec: EnvironmentSpec) -> list[str]:
        """See `EnvironmentBuilder.notes`."""
        if spec.context_folder is not None and spec.dockerfile is not None:
            text = _dockerfile(spec.context_folder / spec.dockerfile)
            return [
                "the process engine installs the requirements beside the Dockerfile; the image itself is not built",
                *(f"not honoured: RUN {command.strip()}" for command in _RUN.findall(text)),
            ]
        notes: list[str] = []
        if spec.conda is not None:
            conda = read_conda_file(spec.conda, spec.name)
            notes.extend(f"not honoured, indexes are the machine's: {option}" for option in conda.options)
        if spec.image:
            notes.append(f"the process engine has no images: {spec.image} stands for a bare Python")
        return notes

    def leftovers(self, needed: Needed) -> list[Leftover]:
        """See `EnvironmentBuilder.leftovers`."""
        kept = {digest[:12] for digest in needed.digests}
        folders = [path for path in self._folder.glob("*/") if path.name not in kept]
        return [Leftover(path.name, _size(path)) for path in sorted(folders)]

    def remove(self, leftover: Leftover) -> bool:
        """See `EnvironmentBuilder.remove`; one that is being built is left alone until it is."""
        with locked(self._folder / f"{leftover.name}.lock"):
            shutil.rmtree(self._folder / leftover.name, ignore_errors=True)
        return not (self._folder / leftover.name).exists()

    def _venv(self, spec: EnvironmentSpec) -> Path:
        return self._folder / spec.digest[:12]

    def _run(self, arguments: Sequence[str], spec: EnvironmentSpec, log: Path, lock: int) -> None:
        """Run uv, outside every project; it holds the lock too, so that nobody builds beside one left by a kill."""
        _write(log, f"$ uv {' '.join(arguments)}")
        try:
            with log.open("ab") as file:
                code = subprocess.run(
                    [self._uv or _find_uv(), *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    cwd=self._folder,
                    env=_environment(),
                    pass_fds=(lock,),
                    check=False,
                ).returncode
        except (OSError, ValueError) as error:
            message = f"environment `{spec.name}` cannot be built: {error}"
            hint = "uv builds it: is uv installed, and is what the manifest names plain text?"
            raise EnvironmentBuildError(message, place=str(log), hint=hint) from error
        if code:
            tail = log_tail(log, 12)
            said = next((f": {line[7:]}" for line in tail.splitlines() if line.startswith("error: ")), "")
            message = f"environment `{spec.name}` cannot be built{said}; the end of its log:\n{tail}"
            raise EnvironmentBuildError(message, place=str(log), hint="correct the requirement that uv names")


def _recipe(spec: EnvironmentSpec) -> _Recipe:
    ours = f"{sys.version_info.major}.{sys.version_info.minor}"
    if spec.context_folder is not None:
        return _recipe_of_context(spec, spec.context_folder, ours)
    if spec.conda is None:
        return _Recipe(ours)
    conda = read_conda_file(spec.conda, spec.name)
    if conda.packages:
        message = f"the process engine cannot install conda packages: {', '.join(conda.packages)}"
        hint = "move them to the pip section, or use the Docker engine"
        raise EnvironmentBuildError(message, place=spec.name, hint=hint)
    return _Recipe(conda.python or ours, conda.pip)


def _recipe_of_context(spec: EnvironmentSpec, context: Path, ours: str) -> _Recipe:
    text = _dockerfile(context / (spec.dockerfile or "Dockerfile"))
    python = _FROM_PYTHON.search(text)
    named = _REQUIREMENTS.search(text)
    file = context / Path(named[1]).name if named else context / "requirements.txt"
    if not file.exists():
        message = f"there is no {file.name} beside the Dockerfile of `{spec.name}`"
        hint = "the process engine installs from a requirements file; add one, or use the Docker engine"
        raise EnvironmentBuildError(message, place=spec.name, hint=hint)
    return _Recipe(python[1] if python else ours, requirements_file=file)


def _dockerfile(path: Path) -> str:
    """A Dockerfile with each instruction on one line."""
    return path.read_text(encoding="utf-8", errors="replace").replace("\\\n", " ")


def _environment() -> dict[str, str]:
    passed = {name: value for name, value in os.environ.items() if _PASSED_ON.match(name)}
    return {"UV_LINK_MODE": "hardlink", "NO_COLOR": "1", "UV_NO_PROGRESS": "1", **passed}


def _find_uv() -> str:
    import uv

    return str(uv.find_uv_bin())


def _size(folder: Path) -> int:
    return sum(file.lstat().st_size for file in folder.rglob("*"))


def _write(log: Path, line: str) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
