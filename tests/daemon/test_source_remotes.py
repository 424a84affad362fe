"""What a source's remote may do to a daemon: go away, have its history rewritten, send content late."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.daemon.follower import Follower
from reconciler.daemon.source_settings import SourceSettings, open_mirror
from reconciler.execution.site import Site
from reconciler.model.asked_runs import AskedRun
from reconciler.model.followed import Fetching
from reconciler.model.runs import RunStatus
from tests.source.git_over_http import serving

from .origin import Origin, pipeline

COMPONENT = """\
$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
type: command
name: greeter
version: {version}
inputs: {{who: {{type: uri_file}}}}
outputs: {{text: {{type: uri_file}}}}
code: ./src
environment: {{image: python}}
command: sh run.sh ${{{{inputs.who}}}} > ${{{{outputs.text}}}}
"""
PIPELINE = """\
type: pipeline
name: greet
jobs:
  greet:
    type: command
    component: file:components/greeter/component.yaml
    inputs: {who: {type: uri_file, path: data/who.txt}}
"""
FILES = {
    "greet.yaml": PIPELINE,
    "components/greeter/component.yaml": COMPONENT.format(version="1.0.0"),
    "components/greeter/src/run.sh": 'echo "hello $(cat $1)"\n',
    "data/who.txt": "ada\n",
    "large.bin": "nobody needs this\n",
}
Open = Callable[..., Follower]


@pytest.fixture
def open_source(site: Site) -> Iterator[Open]:
    opened: list[Follower] = []

    def open_one(url: str, **options: Any) -> Follower:
        settings = SourceSettings("loans", url, "main", **options)
        opened.append(Follower(site, settings, open_mirror(site, settings), lambda: None))
        return opened[-1]

    yield open_one
    for follower in opened:
        follower.stop()


@pytest.fixture
def host(origin: Origin) -> Iterator[str]:
    origin.git(f"--git-dir={origin.url}", "config", "uploadpack.allowFilter", "true")
    with serving(origin.url.parent) as address:
        yield f"http://{address}/{origin.url.name}"


def _conditions(site: Site) -> list[tuple[str, str]]:
    found = site.state.sources.get("loans")
    assert found is not None
    return [(each.reason, each.message) for each in found.conditions]


def test_what_is_applied_can_be_run_anew_without_the_remote(
    open_source: Open, site: Site, origin: Origin, host: str, tmp_path: Path
) -> None:
    origin.push(FILES)
    follower = open_source(host)
    assert not follower.reconcile("push").error
    follower.wait()
    mirror = open_mirror(site, SourceSettings("loans", host, "main"))
    assert mirror.fetcher.is_blobless
    large = origin.git("rev-parse", "HEAD:large.bin")
    assert mirror.fetcher.missing([large]) == [large]  # the rest is not brought here
    origin.url.rename(tmp_path / "away.git")
    shutil.rmtree(site.state.folder.code)
    for exported in site.state.folder.outputs.glob("git-*"):
        exported.unlink()
    follower.run(AskedRun("greet", "ada@lab", is_forced=True))
    follower.wait()
    assert [run.status for run in site.state.runs.recent()] == [RunStatus.SUCCEEDED] * 2
    assert follower.reconcile("interval").error
    assert _conditions(site)[0][0] == "SourceUnavailable"


def test_a_revision_whose_content_does_not_come_is_not_applied_until_it_does(
    open_source: Open, site: Site, origin: Origin, host: str
) -> None:
    first = origin.push(FILES)
    follower = open_source(host)
    follower.reconcile("push")
    follower.wait()
    second = origin.push(
        {
            "components/greeter/src/run.sh": 'echo "good day $(cat $1)"\n',
            "components/greeter/component.yaml": COMPONENT.format(version="1.0.1"),
        }
    )
    blob = origin.git("rev-parse", f"{second}:components/greeter/src/run.sh")
    lost = origin.url / "objects" / blob[:2] / blob[2:]
    lost.rename(origin.url / "lost")
    assert follower.reconcile("push").error
    known = site.state.sources.get("loans")
    assert known is not None
    assert known.applied_commit == first
    assert _conditions(site)[0][0] == "SourceUnavailable"
    (origin.url / "lost").rename(lost)
    assert not follower.reconcile("push").error
    follower.wait()
    assert _conditions(site) == [("Applied", f"applied main@sha1:{second}")]


def test_a_branch_that_is_rewritten_is_followed_and_that_is_said(open_source: Open, site: Site, origin: Origin) -> None:
    first = origin.push({"greet.yaml": pipeline("true")})
    follower = open_source(str(origin.url))
    follower.reconcile("push")
    follower.wait()
    origin.git("checkout", "-q", "--orphan", "anew")
    second = origin.push({"greet.yaml": pipeline("true", "true")})
    origin.git(f"--git-dir={origin.url}", "gc", "--quiet", "--prune=now")
    follower.reconcile("push")
    follower.wait()
    told = f"main was rewritten and holds {first[:10]} no more"
    assert _conditions(site) == [("Applied", f"applied main@sha1:{second}; {told}")]
    (event,) = (each for each in site.state.events.recent() if each.reason == "HistoryRewritten")
    assert event.message == f"{told}; what was applied of it is kept"
    mirror = open_mirror(site, SourceSettings("loans", str(origin.url), "main"))
    assert mirror.objects.read(mirror.snapshot(first).entries["greet.yaml"].oid)
    mirror.close()
    third = origin.push({"greet.yaml": pipeline("true")})
    follower.reconcile("push")
    follower.wait()
    assert _conditions(site) == [("Applied", f"applied main@sha1:{third}")]


def test_a_rewriting_while_the_daemon_was_down_is_said_as_well(open_source: Open, site: Site, origin: Origin) -> None:
    first = origin.push({"greet.yaml": pipeline("true")})
    open_source(str(origin.url)).reconcile("push")
    origin.git("commit", "--amend", "-q", "-m", "said otherwise")
    origin.git("push", "-q", "--force", "origin", "HEAD:main")
    follower = open_source(str(origin.url))
    follower.reconcile("start")
    assert _conditions(site)[0][1].endswith(f"; main was rewritten and holds {first[:10]} no more")


SUBMODULE = "protocol.file.allow=always"


def _push_with_submodule(origin: Origin, folder: Path) -> str:
    """Push a component whose code lies in a submodule; returns the id of the code's tree."""
    library = Origin(folder / "library")
    library.push({"src/run.sh": FILES["components/greeter/src/run.sh"]})
    origin.git("-c", SUBMODULE, "submodule", "add", "-q", "../../library/origin.git", "vendor/library")
    manifest = COMPONENT.format(version="1.0.0").replace("./src", "../../vendor/library/src")
    origin.push({**FILES, "components/greeter/component.yaml": manifest})
    return library.git("rev-parse", "HEAD:src")


def test_code_in_a_submodule_is_run_and_known_by_its_content(
    open_source: Open, site: Site, origin: Origin, tmp_path: Path
) -> None:
    origin.git("-c", SUBMODULE, "remote", "set-url", "origin", str(origin.url))
    code = _push_with_submodule(origin, tmp_path)
    follower = open_source(str(origin.url), fetching=Fetching(has_submodules=True))
    assert not follower.reconcile("push").error
    follower.wait()
    assert [run.status for run in site.state.runs.recent()] == [RunStatus.SUCCEEDED]
    assert (site.state.folder.code / code / "run.sh").exists()


def test_code_in_a_submodule_that_nobody_asked_for_is_a_problem_with_its_mend(
    open_source: Open, origin: Origin, tmp_path: Path
) -> None:
    _push_with_submodule(origin, tmp_path)
    (problem,) = open_source(str(origin.url)).reconcile("push").problems
    assert problem.file == "components/greeter/component.yaml"
    assert problem.message == "`vendor/library/src` lies in the submodule `vendor/library`, which is not here"
    assert problem.hint.startswith("`submodules: true` of the source")


def test_data_in_git_lfs_is_read_and_a_pointer_never(open_source: Open, site: Site, origin: Origin) -> None:
    content = b"ada\n"
    sha256 = hashlib.sha256(content).hexdigest()
    kept = origin.url / "lfs" / "objects" / sha256[:2] / sha256[2:4] / sha256
    kept.parent.mkdir(parents=True)
    kept.write_bytes(content)
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {len(content)}\n"
    origin.push({**FILES, "data/who.txt": pointer, ".gitattributes": "data/* filter=lfs diff=lfs merge=lfs -text\n"})
    without = open_source(str(origin.url))
    (problem,) = without.reconcile("push").problems
    assert problem.message == "`data/who.txt` is in Git LFS, and its content is not here"
    assert problem.hint.startswith("`lfs: true` of the source")
    follower = open_source(str(origin.url), fetching=Fetching(has_large_files=True))
    assert not follower.reconcile("start").error
    follower.wait()
    (run,) = site.state.runs.recent()
    (step,) = site.state.runs.steps(run.id)
    assert run.status is RunStatus.SUCCEEDED
    assert step.outputs is not None
    (written,) = (
        file for file in site.state.folder.outputs.rglob("*") if file.is_file() and "hello" in file.read_text()
    )
    assert written.read_text() == "hello ada\n"
