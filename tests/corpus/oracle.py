"""Microsoft's own client as an oracle: what it says of manifests, our extensions of the language aside."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

TOP = Path(__file__).parents[2]
REQUIREMENTS = TOP / "requirements-oracle.txt"
PROCESS = Path(__file__).parent / "oracle_process.py"

_Document = dict[str, Any]


def verdicts(files: Sequence[tuple[str, Path]]) -> list[str]:
    """What the client has against each file of a kind, "" for nothing; one process for all of them."""
    done = subprocess.run(
        [str(_python()), str(PROCESS)],
        input=json.dumps([[kind, str(path)] for kind, path in files]),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    refused: list[str] = json.loads(done.stdout)
    return refused


def _python() -> Path:
    """The interpreter of the client's environment, which is built when its requirements change."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "reconciler-tests"
    cache.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = cache / f"oracle-{key}"
    with (cache / "oracle.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            shutil.rmtree(folder, ignore_errors=True)
            uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
            assert uv is not None
            subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)], check=True)
            python = str(folder / "bin/python")
            install = [uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", str(REQUIREMENTS)]
            subprocess.run(install, check=True)
            (folder / "ready").touch()
    return folder / "bin/python"


def without_extensions(folder: Path) -> None:
    """Take what is only ours out of the manifests of a folder; files that have none of it stay byte for byte."""
    for path in folder.rglob("*.y*ml"):
        content = path.read_bytes()
        try:
            documents = list(yaml.safe_load_all(content))
        except yaml.YAMLError:
            continue
        if len(documents) != 1 or not isinstance(documents[0], dict):
            continue
        document = documents[0]
        taken = [take(document) for take in EXTENSIONS.values()]
        if any(taken):
            path.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")


def _jobs(document: Mapping[str, Any]) -> list[_Document]:
    """A document and all jobs and components inside it."""
    found: list[_Document] = [document] if isinstance(document, dict) else []
    jobs = document.get("jobs")
    inside = [*(jobs.values() if isinstance(jobs, dict) else []), document.get("component"), document.get("trial")]
    for each in inside:
        if isinstance(each, dict):
            found += _jobs(each)
    return found


def _taken(key: str) -> Callable[[_Document], bool]:
    return lambda document: _take(_jobs(document), key)


def _take(mappings: Sequence[_Document], *keys: str) -> bool:
    taken = [each.pop(key, None) for each in mappings for key in keys]
    return any(value is not None for value in taken)


def _without_retries(document: _Document) -> bool:
    return _take([job for job in _jobs(document) if job.get("type") != "parallel"], "retry_settings")


def _without_own_resources(document: _Document) -> bool:
    resources = [job["resources"] for job in _jobs(document) if isinstance(job.get("resources"), dict)]
    return _take(resources, "memory", "cpus", "gpus", "network")


def _without_ranges(document: _Document) -> bool:
    changed = False
    for job in _jobs(document):
        for key in ("component", "trial", "environment"):
            value = job.get(key)
            if isinstance(value, str) and "@" in value and not value.endswith("@latest"):
                name = value.partition("@")[0]
                job[key] = f"{name if name.startswith('azureml:') else f'azureml:{name}'}@latest"
                changed = True
    return changed


def _without_version(document: _Document) -> bool:
    is_job = "jobs" in document or "component" in document or {"compute", "experiment_name"} & document.keys()
    is_component = "component" in str(document.get("$schema")).lower()
    return bool(is_job and not is_component and document.pop("version", None) is not None)


EXTENSIONS: Mapping[str, Callable[[_Document], bool]] = {
    "`depends_on`: Azure orders steps by their data alone": _taken("depends_on"),
    "`on_new_revision`: Azure follows no revisions": _taken("on_new_revision"),
    "`suspended`: Azure disables schedules with a command, and starts pipelines by hand": _taken("suspended"),
    "`promotion`: Azure registers models, and leaves it to people which one is used": _taken("promotion"),
    "`retry_settings` of command jobs: Azure retries parallel jobs alone": _without_retries,
    "`memory`, `cpus`, `gpus`, `network` of `resources`: Azure has sizes of machines instead": _without_own_resources,
    "ranges such as `@^1.2`: Azure knows exact versions and labels": _without_ranges,
    "`version` of a pipeline or job: there, only assets have versions": _without_version,
}
"""What is ours, with the reason why Azure ML does not have it; each takes it out and says whether it was there."""
