"""A pull request at a forge that is served, whose branch is checked out in a real clone."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from reconciler.forges.settings import ForgeKind
from tests.forges.conftest import Place, place_for
from tests.forges.github_served import GitHubServed
from tests.forges.hosted import REPOSITORY, Pull
from tests.forges.serving import TOKEN, Fault, Reply, serving
from tests.review.changed import Changed, Files

from .program import Answer, reconciler

_OF_JOBS = ("GITHUB_", "GITEA_", "FORGEJO_", "CI_", "BITBUCKET_", "RECONCILER_FORGE_")
REFUSAL = Reply(403, {"message": "Resource not accessible by integration"})


class Reviewed:
    """Number 12 is a pull request of the branch `change` for `main`."""

    def __init__(self, place: Place, changed: Changed) -> None:
        self.place = place
        self.changed = changed
        self.git = changed.origin.git
        self.propose()

    @property
    def head(self) -> str:
        return self.git("rev-parse", "change")

    @property
    def bodies(self) -> list[str]:
        return [note.body for note in self.place.hosted.of(12)]

    @property
    def statuses(self) -> dict[tuple[str, str], Mapping[str, object]]:
        return {key: dict(value) for key, value in self.place.hosted.statuses.items()}

    def propose(self, **differing: str) -> None:
        """Have the forge know the branch as it is by now."""
        told = {"head_commit": self.head, "head_branch": "change", "base_commit": self.git("rev-parse", "main")}
        self.place.hosted.add(Pull(12, **{**told, **differing}))  # type: ignore[arg-type]

    def commit(self, files: Files) -> None:
        self.changed.commit(files)
        self.propose()

    def check_out_merge(self) -> None:
        """Stand where a job at GitHub does: what the merge into `main` would be."""
        self.git("checkout", "-q", "--detach", "origin/main")
        self.git("merge", "-q", "--no-ff", "-m", "a merge", "change")

    def refuse_writes(self) -> None:
        """As to the token of a job of a fork's pull request."""
        for path in ("comments|notes", "statuses", "check-runs|reports"):
            for method in ("POST", "DELETE") if "reports" in path else ("POST",):
                self.place.served.faults.append(Fault(REFUSAL, method, path))

    def review(self, *options: str | Path, variables: Mapping[str, str] | None = None) -> Answer:
        """Run the verb as a job does; its token is in nothing that it says."""
        with _job({"RECONCILER_FORGE_TOKEN": TOKEN, **(variables or {})}):
            asked = ("--forge", self.place.kind, "--api", self.place.served.api, "--repository", REPOSITORY)
            answer = reconciler("review", *asked, "--pr", "12", "--no-state", *options, folder=self.changed.work_tree)
        assert TOKEN not in answer.out + answer.err
        assert "Traceback" not in answer.err
        return answer

    def review_by_variables(self, variables: Mapping[str, str], *options: str) -> Answer:
        """Run the verb with what a job's variables say and nothing else."""
        with _job(variables):
            answer = reconciler("review", "--no-state", *options, folder=self.changed.work_tree)
        assert TOKEN not in answer.out + answer.err
        return answer

    def writes(self) -> list[str]:
        return [f"{sent.method} {sent.path}" for sent in self.place.served.sent if sent.method != "GET"]


@contextmanager
def _job(variables: Mapping[str, str]) -> Iterator[None]:
    others = {name: value for name, value in os.environ.items() if not name.startswith(_OF_JOBS)}
    with mock.patch.dict(os.environ, {**others, **variables}, clear=True):
        yield


@contextmanager
def reviewed_at(kind: ForgeKind, changed: Changed) -> Iterator[Reviewed]:
    place = place_for(kind)
    if isinstance(place.served, GitHubServed):
        place.served.is_app = True  # as the token of Actions is
    with serving(place.served):
        yield Reviewed(place, changed)
