"""What an operator says of a source: its folder, its experiments, whose signatures count, which tags are followed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from reconciler.daemon.follower import Follower
from reconciler.daemon.outcome import Outcome
from reconciler.daemon.source_settings import SourceSettings, open_mirror
from reconciler.execution.site import Site
from reconciler.model.followed import Signed, Verification
from reconciler.model.runs import Run

from .origin import Origin, environment_manifest, pipeline

FOLDER = "ml/loans"
Open = Callable[..., "Source"]


class Source:
    """A follower whose source is set up like this."""

    def __init__(self, site: Site, settings: SourceSettings) -> None:
        self._site = site
        self._name = settings.name
        self.follower = Follower(site, settings, open_mirror(site, settings), lambda: None)

    def turn(self, is_asked: bool = False) -> Outcome:
        outcome = self.follower.reconcile("push", is_asked)
        self.follower.wait()
        return outcome

    @property
    def runs(self) -> list[Run]:
        return self._site.state.runs.recent()[::-1]

    @property
    def said(self) -> tuple[str, str, str]:
        """Reason and message of the source, and the revision that is applied."""
        found = self._site.state.sources.get(self._name)
        assert found is not None
        return found.conditions[0].reason, found.conditions[0].message, found.applied_revision

    @property
    def resources(self) -> list[str]:
        return [f"{each.kind}/{each.name}" for each in self._site.state.sources.resources(self._name)]


@pytest.fixture
def sources() -> Iterator[list[Source]]:
    opened: list[Source] = []
    yield opened
    for source in opened:
        source.follower.stop()


@pytest.fixture
def open_source(site: Site, sources: list[Source]) -> Open:
    def opened(origin: Origin, branch: str = "main", **options: Any) -> Source:
        source = Source(site, SourceSettings("loans", str(origin.url), branch, **options))
        sources.append(source)
        return source

    return opened


class TestAFolder:
    """Only manifests below it count."""

    def test_what_lies_elsewhere_is_left_alone(self, open_source: Open, origin: Origin) -> None:
        source = open_source(origin, folder=FOLDER)
        origin.push(
            {
                f"{FOLDER}/greet.yaml": pipeline("true"),
                "ml/loans-old/other.yaml": pipeline("true", name="other"),
                "broken.yaml": "type: pipeline\njobs: 7\n",
            }
        )
        assert source.turn().is_good
        assert source.resources == ["pipeline/greet"]
        origin.push({"ml/loans-old/other.yaml": pipeline("false", name="other")})
        assert source.turn().is_good
        assert [run.pipeline for run in source.runs] == ["greet"]

    def test_places_are_told_from_the_root(self, open_source: Open, origin: Origin) -> None:
        source = open_source(origin, folder=FOLDER)
        origin.push({f"{FOLDER}/greet.yaml": "type: pipeline\njobs: 7\n"})
        assert source.turn().error.startswith(f"{FOLDER}/greet.yaml:2:1: error: ")

    def test_settings_are_those_of_the_folder_else_those_of_the_root(self, open_source: Open, origin: Origin) -> None:
        source = open_source(origin, folder=FOLDER)
        used = pipeline("true").replace("{image: python}", "azureml:curated@latest")
        origin.push({f"{FOLDER}/greet.yaml": used, "reconciler.yaml": "environments: {curated: py}\n"})
        origin.push({f"{FOLDER}/py.yaml": environment_manifest("py")})
        assert source.turn().is_good
        origin.push({f"{FOLDER}/reconciler.yaml": "nonsense: 1\n"})
        problems = source.turn().problems
        assert [f"{each.file}:{each.line}" for each in problems] == [
            f"{FOLDER}/greet.yaml:9",
            f"{FOLDER}/reconciler.yaml:1",
        ]

    def test_one_that_is_not_there_is_told_and_takes_nothing_away(self, open_source: Open, origin: Origin) -> None:
        source = open_source(origin, folder=FOLDER)
        good = origin.push({f"{FOLDER}/greet.yaml": pipeline("true")})
        source.turn()
        bad = origin.push({f"{FOLDER}/greet.yaml": None, "other.yaml": pipeline("true")})
        message = f"main@sha1:{bad} has no folder `{FOLDER}`, whose manifests would count"
        assert source.turn().error == message
        assert source.said == ("PathNotFound", message, f"main@sha1:{good}")
        assert source.resources == ["pipeline/greet"]


def test_experiments_are_named_after_the_source(open_source: Open, origin: Origin) -> None:
    source = open_source(origin, experiment_prefix="loans/")
    origin.push({"greet.yaml": pipeline("true")})
    source.turn()
    assert [run.experiment for run in source.runs] == ["loans/greet"]


def test_the_highest_tag_of_a_range_is_applied(open_source: Open, origin: Origin) -> None:
    source = open_source(origin, "semver:^1")
    for number in ("v1.0.0", "v1.1.0", "v2.0.0"):
        origin.push({"greet.yaml": pipeline(f"echo {number}")})
        origin.tag(number)
        source.turn()
    assert [run.revision.partition("@")[0] for run in source.runs] == ["v1.0.0", "v1.1.0"]
    origin.tag("v1.1.0", None)  # the earlier one counts again, and nothing is executed
    source.turn()
    assert [run.status for run in source.runs] == ["succeeded", "succeeded", "restored"]
    assert source.said[2].startswith("v1.0.0@sha1:")


def test_without_a_tag_of_the_range_it_is_waited_for(open_source: Open, origin: Origin) -> None:
    source = open_source(origin, "semver:^1")
    origin.push({"greet.yaml": pipeline("true")})
    source.turn()
    assert source.said[:2] == ("NoRevision", f"{origin.url} has no tag within `^1` yet")


class TestSignatures:
    """A revision that nobody signed who counts is refused, and the last verified one stays."""

    @pytest.fixture
    def key(self, tmp_path: Path) -> Path:
        key = tmp_path / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        return key

    @pytest.fixture
    def signers(self, tmp_path: Path, key: Path) -> Path:
        file = tmp_path / "signers"
        file.write_text(f"ada@example.org {key.with_suffix('.pub').read_text()}")
        return file

    def _sign(self, origin: Origin, key: Path) -> None:
        for name, value in (("gpg.format", "ssh"), ("user.signingkey", str(key)), ("commit.gpgsign", "true")):
            origin.git("config", name, value)

    def test_the_last_verified_revision_stays(
        self, open_source: Open, origin: Origin, key: Path, signers: Path
    ) -> None:
        source = open_source(origin, verification=Verification(allowed_signers_file=str(signers)))
        self._sign(origin, key)
        good = origin.push({"greet.yaml": pipeline("true")})
        assert source.turn().is_good
        origin.git("config", "commit.gpgsign", "false")
        bad = origin.push({"greet.yaml": pipeline("echo unsigned")})
        message = f"commit {bad[:12]} of ada@example.org <ada@example.org> is not signed"
        assert source.turn().error == message
        assert source.said == ("NotVerified", message, f"main@sha1:{good}")
        assert source.turn().error == message
        assert [run.revision for run in source.runs] == [f"main@sha1:{good}"]
        origin.git("config", "commit.gpgsign", "true")
        origin.push({"greet.yaml": pipeline("echo signed")})
        assert source.turn().is_good
        assert len(source.runs) == 2

    def test_whose_signatures_count_is_read_again_when_somebody_asks(
        self,
        open_source: Open,
        origin: Origin,
        key: Path,
        signers: Path,
    ) -> None:
        listed = signers.read_text()
        signers.write_text("")
        source = open_source(origin, verification=Verification(allowed_signers_file=str(signers)))
        self._sign(origin, key)
        origin.push({"greet.yaml": pipeline("true")})
        assert "does not count" in source.turn().error
        signers.write_text(listed)
        assert not source.turn().is_good
        assert source.turn(is_asked=True).is_good
        assert len(source.runs) == 1

    def test_a_tag_that_is_signed_is_enough(self, open_source: Open, origin: Origin, key: Path, signers: Path) -> None:
        verification = Verification(Signed.TAG, allowed_signers_file=str(signers))
        source = open_source(origin, "semver:*", verification=verification)
        origin.push({"greet.yaml": pipeline("true")})
        origin.tag("v1.0.0")
        assert source.turn().error == "tag v1.0.0 is not signed"
        self._sign(origin, key)
        origin.git("tag", "--sign", "--message", "a release", "v1.0.1")
        origin.git("push", "-q", "origin", "refs/tags/v1.0.1")
        assert source.turn().is_good
        assert source.said[2].startswith("v1.0.1@sha1:")


def test_every_source_is_told_of_an_environment_and_one_that_retires_no_more(
    site: Site, open_source: Open, origin: Origin
) -> None:
    told: list[str] = []
    first, second = partial(told.append, "first"), partial(told.append, "second")
    site.environments.notify(first)
    site.environments.notify(second)
    origin.push({"greet.yaml": pipeline("true")})
    source = open_source(origin)
    source.turn()
    assert {*told} == {"first", "second"}
    told.clear()
    site.environments.notify_no_more(first)
    origin.push({"greet.yaml": pipeline("true").replace("image: python", "image: debian")})
    source.turn()
    assert {*told} == {"second"}
