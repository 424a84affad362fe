"""Versions that tags hold: how long it takes to find those that references mean."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.measure import Measure
from reconciler.daemon.planner import Planned, Planner
from reconciler.manifests.loader import Loader
from reconciler.registry.reading import ReleaseReader
from reconciler.source.mirror import Mirror
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

_COMPONENTS = 200
_TAGS = 1000
_ROUNDS = 15


def measure_releases(folder: Path) -> Iterator[Measure]:
    """200 components with 1,000 tags in all, each used by a range that its newest version does not fit."""
    releases = _Releases(folder / "releases")
    releases.create()
    state = State(StateFolder(folder / "releases-state"))
    mirror = Mirror(str(releases.origin), "main", state.folder.sources / "main.git")
    try:
        followed = _Followed(state, mirror)
        cold = _seconds(followed.plan)
        followed.apply()
        yield Measure("1,000 tags of 200 components, cold plan", _TAGS, cold * 1000, "ms")
        yield Measure("all references resolved again, warm", _TAGS, followed.resolving() * 1000, "ms", 50)
        yield Measure("nothing but a README changed", _TAGS, releases.after(releases.readme, followed) * 1000, "ms")
        yield Measure("one new tag, from fetch to plan", _TAGS, releases.after(releases.tag, followed) * 1000, "ms")
    finally:
        mirror.close()
        state.close()


class _Followed:
    """What a daemon holds of the repository."""

    def __init__(self, state: State, mirror: Mirror) -> None:
        self._state = state
        self._mirror = mirror
        self._planner = Planner(state)

    def plan(self) -> Planned:
        commit = self._mirror.fetch(self._mirror.remote_head())
        snapshot = self._mirror.snapshot(commit or "")
        return self._planner.plan(snapshot, self._mirror, "main")

    def apply(self) -> None:
        """Note what the versions mean, as is done with an applied revision."""
        self._planner.keep_versions(self.plan(), self._mirror, "main")

    def resolving(self) -> float:
        """Seconds to find every version that is meant, with nothing known but what lies in memory."""
        snapshot = self._mirror.snapshot(self._mirror.remote_head() or "")
        desired = Loader(self._state.documents).load(snapshot, self._mirror.objects)
        reader = ReleaseReader(self._state.documents)
        reader.load(desired, self._mirror.tags, self._mirror.objects)
        return statistics.median(
            _seconds(lambda: reader.load(desired, self._mirror.tags, self._mirror.objects)) for _ in range(_ROUNDS)
        )


class _Releases:
    """A bare repository, written through `git fast-import`."""

    def __init__(self, origin: Path) -> None:
        self.origin = origin
        self._made = 0
        self._marks = 0

    def create(self) -> None:
        subprocess.run(["git", "init", "--quiet", "--bare", "-b", "main", str(self.origin)], check=True)
        steps = "".join(
            f"  step_{number}:\n    component: azureml:component_{number}@^1\n" for number in range(_COMPONENTS)
        )
        pipeline = f"type: pipeline\nname: all\njobs:\n{steps}"
        lines = [self._commit({"pipeline.yaml": pipeline, "env.yaml": _ENVIRONMENT})]
        for version in range(_TAGS // _COMPONENTS):
            for number in range(_COMPONENTS):
                text = _COMPONENT.format(number=number, version=version)
                lines.append(self._commit({f"components/{number}/component.yaml": text, **_code(number, version)}))
                lines.append(f"reset refs/tags/component/component_{number}/v1.{version}.0\nfrom :{self._marks}\n\n")
        # What the branch holds by now is no version that the pipeline may take.
        newer: dict[str, str] = {}
        for number in range(_COMPONENTS):
            text = _COMPONENT.format(number=number, version=0).replace("1.0.0", "2.0.0")
            newer |= {f"components/{number}/component.yaml": text, **_code(number, _TAGS)}
        self._import([*lines, self._commit(newer)])

    def readme(self) -> None:
        self._made += 1
        self._import([self._commit({"README.md": f"{self._made}\n"}, is_first=False)])

    def tag(self) -> None:
        """Release one more version of one component, on a commit aside."""
        self._made += 1
        text = _COMPONENT.format(number=7, version=100 + self._made)
        files = {"components/7/component.yaml": text, **_code(7, self._made)}
        name = f"refs/tags/component/component_7/v1.{100 + self._made}.0"
        self._import([self._commit(files, name, is_first=False)])

    def after(self, change: Callable[[], None], followed: _Followed) -> float:
        """Seconds to plan after a change; the median of several."""
        seconds = []
        for _ in range(_ROUNDS):
            change()
            seconds.append(_seconds(followed.plan))
        return statistics.median(seconds)

    def _commit(self, files: dict[str, str], ref: str = "refs/heads/main", is_first: bool = True) -> str:
        self._marks += 1
        who = f"committer bench <bench@example.com> {1_700_000_000 + self._marks} +0000"
        parent = "" if is_first else "from refs/heads/main^0\n"
        changed = "".join(f"M 100644 inline {path}\n{_data(text)}" for path, text in files.items())
        return f"commit {ref}\nmark :{self._marks}\n{who}\n{_data('change')}{parent}{changed}\n"

    def _import(self, lines: list[str]) -> None:
        command = ["git", f"--git-dir={self.origin}", "fast-import", "--quiet", "--force"]
        subprocess.run(command, input="".join(lines).encode(), check=True)


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def _code(number: int, version: int) -> dict[str, str]:
    return {f"components/{number}/src/run.sh": f"echo {number} {version}\n"}


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


_ENVIRONMENT = """\
$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json
name: plain
version: 1.0.0
image: python:3.11
"""
_COMPONENT = """\
$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
type: command
name: component_{number}
version: 1.{version}.0
inputs:
  rate: {{type: number, default: 0.1}}
outputs:
  after: {{type: uri_file}}
environment: azureml:plain@^1
code: ./src
command: sh run.sh ${{{{inputs.rate}}}} > ${{{{outputs.after}}}}
"""
