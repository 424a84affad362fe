"""`--server`: the same verbs through a daemon elsewhere, in the same words."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.daemon.requests import Answer
from reconciler.model.http import HttpSettings, Token
from tests.web.serving import ANYWHERE, OPERATOR, VIEWER, Serving, serving

from .conftest import Followed
from .program import Answer as Said
from .program import reconciler


@dataclass(frozen=True)
class Elsewhere:
    """A server on a state of its own that was followed, and files with tokens."""

    serving: Serving
    state: Path
    folder: Path

    def ask(self, *arguments: str, token: Token = OPERATOR) -> Said:
        """Call a verb through the server."""
        file = self.folder / f"{token.name}.token"
        file.write_text(f"{token.secret}\n", encoding="utf-8")
        return reconciler("--server", self.serving.address, "--token-file", file, *arguments)

    def here(self, *arguments: str) -> Said:
        """Call the same on the state."""
        return reconciler(*arguments, "--state", self.state)


@pytest.fixture(scope="module")
def elsewhere(followed: Followed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    folder = tmp_path_factory.mktemp("elsewhere")
    shutil.copytree(followed.state, folder / "state")
    with serving(folder / "state", HttpSettings(ANYWHERE, (VIEWER, OPERATOR))) as server:
        yield Elsewhere(server, folder / "state", folder)


@pytest.mark.parametrize(
    "verb",
    [
        "get",
        "get pipelines",
        "get pipeline lending",
        "get all nothing",
        "get nonsense",
        "describe source main",
        "describe pipeline lending --history 3",
        "describe pipeline lendnig",
        "describe lending-1",
        "describe lending-99",
        "events",
        "events pipeline lending -n 3",
        "events pipeline nothing",
        "events --since 2020-01-01T00:00:00Z",
        "runs",
        "runs lending -n 1",
        "runs lending-1",
        "runs nothing",
        "tree lending",
        "tree lending-1",
        "tree nothing",
        "trace lending",
        "trace lending/split",
        "trace lending/nothing",
        "models",
        "models nothing",
        "logs lending",
        "logs lending split --tail 1",
        "logs lending nothing",
        "logs lending split --follow",
        "logs environment nothing",
    ],
)
@pytest.mark.parametrize("form", ["table", "json"])
def test_it_tells_what_the_state_does(elsewhere: Elsewhere, verb: str, form: str) -> None:
    if verb.startswith("logs") and form == "json":
        return
    arguments = [*verb.split(), *(["-o", "json"] if form == "json" else [])]
    assert elsewhere.ask(*arguments, token=VIEWER) == elsewhere.here(*arguments)


def test_a_source_is_looked_at(elsewhere: Elsewhere) -> None:
    answer = elsewhere.ask("reconcile", "--drift")
    assert (answer.code, answer.out, answer.err) == (0, "reconciled main@sha1:0\n", "")
    assert elsewhere.serving.loops.asked[-1].drift
    unknown = elsewhere.ask("reconcile", "mian")
    assert (unknown.code, unknown.err.splitlines()[0]) == (1, "error: no source `mian` is followed")


def test_a_run_is_asked_for(elsewhere: Elsewhere) -> None:
    elsewhere.serving.loops.says = Answer(True, "started lending-1", "lending-1")
    answer = elsewhere.ask("run", "lending", "--force", "--wait")
    assert (answer.code, answer.out.splitlines()[0]) == (0, "started lending-1")
    assert "lending-1: succeeded in" in answer.out
    asked = elsewhere.serving.loops.asked[-1].run
    assert asked is not None
    assert (asked.pipeline, asked.by, asked.is_forced) == ("lending", "ada over HTTP", True)
    elsewhere.serving.loops.says = Answer(False, "lending-1 is under way")
    refused = elsewhere.ask("run", "lending")
    assert (refused.code, refused.err) == (1, "refused: lending-1 is under way\n")
    elsewhere.serving.loops.says = Answer(True, "main@sha1:0")


def test_something_is_held_still_and_let_go_of(elsewhere: Elsewhere) -> None:
    held = elsewhere.ask("suspend", "pipeline", "lending", "--reason", "an audit")
    assert (held.code, held.out.startswith("pipeline lending: suspended by ada over HTTP since 20")) == (0, True)
    assert [request.news for request in elsewhere.serving.loops.asked][-1] == "suspend"
    freed = elsewhere.ask("resume", "pipeline", "lending")
    assert (freed.code, freed.out.startswith("pipeline lending: resumed; it was suspended by ada")) == (0, True)
    events = elsewhere.here("events", "pipeline", "lending", "-o", "json").data
    assert [each["reason"] for each in events[-2:]] == ["Suspended", "Resumed"]


def test_an_earlier_revision_is_gone_back_to_and_let_go_of(elsewhere: Elsewhere, followed: Followed) -> None:
    commit = followed.revisions[0].rpartition(":")[2]
    back = elsewhere.ask("rollback", "lending", commit[:10], "--reason", "recall fell")
    assert (back.code, back.out.splitlines()[0].endswith(": recall fell")) == (0, True)
    assert f"pinned to main@sha1:{commit[:10]} by ada over HTTP" in back.out
    assert "until `reconciler unpin lending`" in back.out
    again = elsewhere.ask("unpin", "pipeline/lending")
    assert (again.code, again.out.startswith("pipeline lending: let go of; it was pinned to")) == (0, True)
    assert elsewhere.ask("unpin", "lending").out == "pipeline lending is not pinned\n"
    never = elsewhere.ask("rollback", "lending", "0000000")
    assert (never.code, never.err.startswith("error: `0000000` was never applied to pipeline lending")) == (1, True)
    revert = elsewhere.ask("rollback", "main", "--open-revert", "revert")
    assert (revert.code, "--open-revert needs the repository" in revert.err) == (1, True)


def test_what_is_over_is_not_cancelled(elsewhere: Elsewhere) -> None:
    answer = elsewhere.ask("cancel", "lending-1")
    assert (answer.code, answer.err) == (1, "lending-1 is over already: succeeded\n")


def test_a_viewer_may_not_act(elsewhere: Elsewhere) -> None:
    answer = elsewhere.ask("suspend", "pipeline", "lending", token=VIEWER)
    assert answer.code == 1
    assert answer.err.startswith("error: grafana is a viewer, and may only look\nhint: use the token of an operator")


def test_without_a_token_it_is_said_what_is_needed(elsewhere: Elsewhere) -> None:
    answer = reconciler("--server", elsewhere.serving.address, "get")
    assert (answer.code, answer.err.splitlines()[0]) == (1, "error: a token is needed")
    assert "--token-file" in answer.err


def test_variables_of_the_environment_say_it_too(elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere.ask("get")
    monkeypatch.setenv("RECONCILER_SERVER", elsewhere.serving.address)
    monkeypatch.setenv("RECONCILER_TOKEN_FILE", str(elsewhere.folder / f"{OPERATOR.name}.token"))
    assert reconciler("runs") == elsewhere.here("runs")
    monkeypatch.setenv("RECONCILER_SERVER", "http://127.0.0.1:1")
    assert elsewhere.here("runs").code == 0  # a state that is named counts for more


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ("ftp://example.org", "is no address of a daemon"),
        ("http://example.org:port", "has a port that is none"),
        ("http://example.org", "the token would be sent for all to read"),
        ("http://127.0.0.1:1", "the daemon does not answer"),
        ("unix:/nowhere/daemon.sock", "the daemon does not answer: no such file or directory"),
    ],
)
def test_what_cannot_be_reached_is_said(elsewhere: Elsewhere, server: str, said: str) -> None:
    elsewhere.ask("get")
    answer = reconciler("--server", server, "--token-file", elsewhere.folder / f"{OPERATOR.name}.token", "get")
    assert (answer.code, said in answer.err) == (1, True), answer.err


def test_a_token_that_is_not_there_and_two_places_are_refused(elsewhere: Elsewhere, tmp_path: Path) -> None:
    answer = reconciler("--server", elsewhere.serving.address, "--token-file", tmp_path / "none", "get")
    assert (answer.code, "the token cannot be read" in answer.err) == (1, True)
    both = reconciler("--server", elsewhere.serving.address, "get", "--state", tmp_path)
    assert (both.code, "a state and a server are named" in both.err) == (1, True)
    here = reconciler("--server", elsewhere.serving.address, "gc", "--state", tmp_path)
    assert (here.code, "works on a state folder, not through a server" in here.err) == (1, True)
