"""A Dockerfile for an image with a conda file on top: by uv where it holds only Python packages, else by micromamba.

What is installed lies below /opt/reconciler and is copied into the image that the manifest names; what was needed to
install it stays behind.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from reconciler.environments.conda_file import CondaFile
from reconciler.model.configuration import BuildSettings

_ROOT = "/opt/reconciler"
_PREFIX = f"{_ROOT}/environment"
_WORK = "/tmp/reconciler"  # noqa: S108 - of the image that is being built
# uv knows none of pip's variables, and trusts none of the image's certificates unless it is told to.
_INSTALL = f"""\
set -eu
for certificates in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt; do
    if [ -z "${{SSL_CERT_FILE:-}}" ] && [ -e "$certificates" ]; then export SSL_CERT_FILE="$certificates"; fi
done
if [ -n "${{PIP_INDEX_URL:-}}" ]; then export UV_DEFAULT_INDEX="${{UV_DEFAULT_INDEX:-$PIP_INDEX_URL}}"; fi
if [ -n "${{PIP_EXTRA_INDEX_URL:-}}" ]; then export UV_INDEX="${{UV_INDEX:-$PIP_EXTRA_INDEX_URL}}"; fi
export UV_PYTHON_INSTALL_DIR={_ROOT}/python UV_LINK_MODE=copy UV_NO_PROGRESS=1 UV_NO_CACHE=1
{_WORK}/uv venv --python "$1" {_PREFIX}
{_WORK}/uv pip install --python {_PREFIX}/bin/python --compile-bytecode --requirement {_WORK}/requirements.txt
"""


@dataclass(frozen=True, slots=True)
class Generated:
    """A Dockerfile with the files that it copies."""

    dockerfile: str
    files: Mapping[str, bytes | Path]


def default_base(conda: CondaFile) -> str:
    """The image that a conda file is installed on where the manifest names none."""
    if conda.packages:
        return "debian:bookworm-slim"
    version = (conda.python or "").split(".")
    is_exact = len(version) >= 2 and all(part.isdecimal() for part in version[:2])
    return f"python:{'.'.join(version[:2])}-slim" if is_exact else "python:3-slim"


def with_uv(base: str, conda: CondaFile, uv: Path | str, settings: BuildSettings, default_python: str) -> Generated:
    """A virtual environment with the Python packages, of the base's Python where it is of the version asked for.

    Args:
        uv: the program, or the image to take it from where ours does not run in containers.
    """
    copy_uv = f"COPY --from={uv} /uv {_WORK}/uv" if isinstance(uv, str) else f"COPY uv {_WORK}/uv"
    python = shlex.quote(conda.python or default_python)
    lines = [
        f"FROM {base} AS installed",
        copy_uv,
        f"COPY install.sh requirements.txt {_WORK}/",
        _run(settings, f"sh {_WORK}/install.sh {python}"),
    ]
    lines += [
        f"FROM {base}",
        f"COPY --from=installed {_ROOT} {_ROOT}",
        f'ENV VIRTUAL_ENV={_PREFIX} PATH="{_PREFIX}/bin:$PATH"',
    ]
    files: dict[str, bytes | Path] = {"install.sh": _INSTALL.encode(), "requirements.txt": _lines(conda.pip)}
    if isinstance(uv, Path):
        files["uv"] = uv
    return Generated(_lines(lines).decode(), files)


def with_micromamba(base: str, conda: CondaFile, written: Mapping[str, Any], settings: BuildSettings) -> Generated:
    """A conda environment with all that the file asks for, of its own channels or of conda-forge."""
    content = {
        "channels": written.get("channels") or ["conda-forge"],
        "dependencies": [*_packages(written), *([{"pip": list(conda.pip)}] if conda.pip else [])],
    }
    create = f"micromamba create --yes --quiet --prefix {_PREFIX} --file {_WORK}/conda.yaml"
    lines = [
        f"FROM {settings.micromamba} AS installed",
        "USER 0",
        f"COPY conda.yaml {_WORK}/conda.yaml",
        _run(settings, create),
        f"FROM {base}",
        f"COPY --from=installed {_ROOT} {_ROOT}",
        f'ENV CONDA_PREFIX={_PREFIX} PATH="{_PREFIX}/bin:$PATH"',
    ]
    return Generated(_lines(lines).decode(), {"conda.yaml": yaml.safe_dump(content, sort_keys=False).encode()})


def _packages(written: Mapping[str, Any]) -> list[str]:
    """The dependencies that conda installs, pip among them where it is to install others."""
    return [str(item) for item in written.get("dependencies", ()) if not isinstance(item, Mapping)]


def _run(settings: BuildSettings, command: str) -> str:
    mounts = [f"--mount=type=secret,id={each.id},target={each.target}" for each in settings.secrets if each.target]
    return " ".join(["RUN", *mounts, command])


def _lines(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
