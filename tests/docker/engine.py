"""The Docker engine of the tests, and the images that they build on."""

from __future__ import annotations

import fcntl
import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from docker import APIClient

from reconciler.containers.find import find_engine

BASE = "reconciler-test/debian:1"
SMALL = "reconciler-test/busybox:3"
# What the manifests of the template build on; no registry that has them can be reached where the tests run.
STAND_INS = ("python:3.11-slim", "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest")
_KEPT = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "reconciler-tests"
_MAKE_BASE = Path(__file__).parent / "make-base-image.sh"


def engine_host() -> str:
    """The engine that the tests use: one of their own in `$RECONCILER_TEST_DOCKER`, else the one that answers."""
    found = find_engine(os.environ.get("RECONCILER_TEST_DOCKER", ""), os.environ)
    if found.answers:
        return found.host
    reason = f"no Docker engine: {found.error}; `.ci/docker-engine start` starts one for the tests"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def have_images(host: str) -> None:
    """Make the images that tests build on, once for all processes and for all later times."""
    api = APIClient(base_url=host, timeout=600)
    with _alone(_KEPT / "images.lock"):
        if not api.images(name=SMALL):
            import_small(api)
        if not api.images(name=BASE):
            archive = _KEPT / "base.tar"
            if not archive.exists():
                subprocess.run([str(_MAKE_BASE), str(archive)], check=True, stdout=sys.stderr)
            with archive.open("rb") as file:
                _import(api, BASE, file, ["ENV PIP_BREAK_SYSTEM_PACKAGES=1"])
        if os.environ.get("RECONCILER_TEST_DOCKER"):
            for name in STAND_INS:
                repository, _, tag = name.rpartition(":")
                api.tag(BASE, repository, tag, force=True)
    api.close()


def import_small(api: APIClient) -> None:
    """An image of one program, for an engine that has nothing yet."""
    _import(api, SMALL, _busybox(), ["ENV PATH=/bin"])


def _import(api: APIClient, name: str, archive: io.BufferedIOBase | io.BytesIO, changes: list[str]) -> None:
    repository, _, tag = name.rpartition(":")
    said = api.import_image_from_data(archive, repository=repository, tag=tag, changes=changes)
    assert '"error"' not in str(said), said


def _busybox() -> io.BytesIO:
    """One program, which is a shell and all that a test calls in it, as an archive of files."""
    program = shutil.which("busybox")
    assert program is not None, "install busybox-static"
    archive = io.BytesIO()
    with tarfile.open(mode="w", fileobj=archive) as tar:
        tar.add(program, arcname="bin/busybox")
        listed = subprocess.run([program, "--list"], capture_output=True, text=True, check=True).stdout.split()
        for name in listed:
            if name != "busybox":
                link = tarfile.TarInfo(f"bin/{name}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(link)
        for folder in ("tmp", "proc", "sys", "dev", "etc"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            tar.addfile(entry)
        users = b"root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"
        for name, content in (("etc/passwd", users), ("etc/group", b"root:x:0:\nnobody:x:65534:\n")):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    archive.seek(0)
    return archive


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
