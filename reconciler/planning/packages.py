"""The packages that files and commands of an environment ask for: requirements, conda files, lines of a shell."""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile

PYTHON = "python"
_INSTALLERS = frozenset(("pip", "setuptools", "wheel", "uv", "conda", "mamba"))  # they install the environment

_LONGEST = 2_000  # characters of one requirement
_LONGEST_COMMAND = 50_000  # characters of one that is read as a shell does, which takes its time
_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*"
    r"(?P<pin>@\s*\S.*|\(?\s*(?:[=<>!~].*)?)",
    re.ASCII | re.DOTALL,
)
_CONDA = re.compile(r"(?:[^\s:]+::)?(?P<name>[A-Za-z0-9_][\w.-]*)(?:\[[^\]]*\])?\s*(?P<pin>.*)", re.ASCII)
_BUILD = re.compile(r"(?<=[\w*])(?:=[^=]*|\s+[\w*]+)$")  # the third part of `numpy=1.26.4=py311_0`
_COMMENT = re.compile(r"(?:^|\s)#.*")
_PIECES = re.compile(  # what is quoted is one piece; a comment ends a command too
    r"""'[^']*'|"(?:\\.|[^"\\])*"|\\.|(?P<end>&&|\|\||[;|\n]|(?:(?<=\s)|\A)#[^\n]*)|.""", re.DOTALL
)
_PROGRAM_AMONG = 50  # words that may stand before it, as in `FOO=1 sudo -E python -m pip`
_PIP = re.compile(r"pip[\d.]*")
_CONDAS = ("conda", "mamba", "micromamba")
_CONDA_VERBS = ("install", "create", "update", "upgrade")
_FILE_OPTIONS = ("-r", "--requirement", "--requirements")
# fmt: off
_TAKE_VALUES = frozenset(
    (
        "-c", "--constraint", "--constraints", "-e", "--editable", "-i", "--index-url", "--extra-index-url", "-f",
        "--find-links", "-t", "--target", "--prefix", "--root", "--python", "-p", "--trusted-host", "--platform",
        "--python-version", "--implementation", "--abi", "--no-binary", "--only-binary", "--progress-bar", "--proxy",
        "--retries", "--timeout", "--cache-dir", "--log", "--src", "--cert", "--client-cert", "--upgrade-strategy",
        "--report", "--config-settings", "-C", "--global-option", "--index", "--default-index", "--index-strategy",
        "--keyring-provider", "--resolution", "--prerelease", "--link-mode", "--exclude-newer", "-P",
        "--upgrade-package", "--torch-backend", "--overrides", "--override", "--root-user-action", "--extra",
        "--group", "--refresh-package", "--reinstall-package"
    )
)
_CONDA_TAKE_VALUES = frozenset(
    (
        "-c", "--channel", "-n", "--name", "-p", "--prefix", "--solver", "--subdir", "--platform", "-r",
        "--root-prefix"
    )
)
# fmt: on
_CONDA_FILE_OPTIONS = ("-f", "--file")


@dataclass(frozen=True, slots=True)
class Asked:
    """What one place asks to be installed.

    Attributes:
        packages: names, normalised, with what each is pinned to, "" for nothing; Python may be among them.
        files: further files that name packages, as written.
    """

    packages: tuple[tuple[str, str], ...] = ()
    files: tuple[str, ...] = ()


def asked_by_requirements(text: str) -> Asked:
    """What a file of requirements asks for; what is no name, as a folder or a URL, counts for nothing."""
    packages: list[tuple[str, str]] = []
    files: list[str] = []
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        _add_line(_COMMENT.sub("", line).strip(), packages, files)
    return Asked(tuple(packages), tuple(files))


def asked_by_conda(document: object) -> Asked | None:
    """What a parsed conda file asks for, None for what is none."""
    dependencies = document.get("dependencies") if isinstance(document, Mapping) else None
    if not isinstance(dependencies, list):
        return None
    packages: list[tuple[str, str]] = []
    files: list[str] = []
    for item in dependencies:
        if isinstance(item, Mapping):
            lines = item.get("pip") or []
            for line in lines if isinstance(lines, list) else []:
                _add_line(_COMMENT.sub("", str(line)).strip(), packages, files)
        elif isinstance(item, str):
            packages.extend(_conda_package(item))
    return Asked(tuple(packages), tuple(files))


def asked_by_command(command: str) -> Asked:
    """What a line of a shell, or of several, asks pip, uv or conda to install."""
    packages: list[tuple[str, str]] = []
    files: list[str] = []
    for words in _commands(command):
        for index, word in enumerate(words[:_PROGRAM_AMONG]):
            program = posixpath.basename(word)
            if not _PIP.fullmatch(program) and program not in _CONDAS:
                continue
            after = words[index + 1 :]
            if program not in _CONDAS and "install" in after:
                _add_pip(after[after.index("install") + 1 :], packages, files)
                break
            verb = next((place for place, each in enumerate(after) if each in _CONDA_VERBS), None)
            if program in _CONDAS and verb is not None and "run" not in after[:verb]:
                _add_conda(after[verb + 1 :], packages, files)
                break
    return Asked(tuple(packages), tuple(files))


def _commands(text: str) -> Iterator[list[str]]:
    """The words of each command."""
    if text.lstrip().startswith("["):
        try:
            words = json.loads(text)
        except (ValueError, RecursionError):
            words = None
        if isinstance(words, list):
            words = [str(word) for word in words]
            # `["sh", "-c", "pip install …"]` holds a line of its own
            yield from _commands(words[2]) if len(words) == 3 and words[1] in ("-c", "-lc") else [words]
            return
    for line in _quoted_ends(text):
        try:
            yield shlex.split(line) if len(line) <= _LONGEST_COMMAND else line.split()
        except ValueError:  # a quote is not closed, which is the builder's to tell
            yield line.split()


def _quoted_ends(text: str) -> Iterator[str]:
    """The text cut where a command ends, but not within quotes: `pip install "numpy; python_version > '3'"`."""
    start = 0
    for piece in _PIECES.finditer(text):
        if piece["end"] is not None:
            yield text[start : piece.start()]
            start = piece.end()
    yield text[start:]


def _add_pip(words: Iterable[str], packages: list[tuple[str, str]], files: list[str]) -> None:
    waiting = takewhile(_is_no_redirection, words)
    for word in waiting:
        if word in _FILE_OPTIONS:
            files.extend(named for named in [next(waiting, "")] if named)
        elif word in _TAKE_VALUES:
            next(waiting, None)
        elif word.startswith("-"):
            files.extend(_file_of(word))
        else:
            packages.extend(_package(word))


def _is_no_redirection(word: str) -> bool:
    return not re.match(r"[\d&]?>", word)


def _add_conda(words: Iterable[str], packages: list[tuple[str, str]], files: list[str]) -> None:
    waiting = takewhile(_is_no_redirection, words)
    for word in waiting:
        option, equals, value = word.partition("=")
        if option in _CONDA_FILE_OPTIONS:
            files.extend(named for named in [value if equals else next(waiting, "")] if named)
        elif word in _CONDA_TAKE_VALUES:
            next(waiting, None)
        elif not word.startswith("-"):
            packages.extend(_conda_package(word))


def _add_line(line: str, packages: list[tuple[str, str]], files: list[str]) -> None:
    """A line of a requirements file; options stand on lines of their own there, hashes behind a requirement."""
    if line.startswith("-"):
        option, _, value = line.partition(" ")
        files.extend([value.strip()] if option in _FILE_OPTIONS and value.strip() else _file_of(option))
    elif line:
        packages.extend(_package(re.split(r"\s--?[a-z]", line, maxsplit=1)[0]))


def _file_of(word: str) -> list[str]:
    """The file of `--requirement=FILE` or `-rFILE`."""
    option, equals, value = word.partition("=")
    if equals and option in _FILE_OPTIONS:
        return [value]
    return [word[2:]] if word.startswith("-r") and len(word) > 2 and not word.startswith("--") else []


def _package(text: str) -> list[tuple[str, str]]:
    """The package of a requirement with its pin; without its extras and markers."""
    matched = _REQUIREMENT.fullmatch(text.partition(";")[0].strip()) if len(text) <= _LONGEST else None
    if matched is None or matched["name"].endswith((".txt", ".whl", ".gz", ".zip")):
        return []
    pin = re.sub(r"\s+", "", matched["pin"].strip("() "))
    return _named(matched["name"], pin)


def _conda_package(text: str) -> list[tuple[str, str]]:
    matched = _CONDA.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if matched is None:
        return []
    return _named(matched["name"], re.sub(r"\s+", "", _BUILD.sub("", matched["pin"].strip())))


def _named(name: str, pin: str) -> list[tuple[str, str]]:
    from packaging.utils import canonicalize_name

    normalised = str(canonicalize_name(name))
    return [] if normalised in _INSTALLERS else [(normalised, pin)]
