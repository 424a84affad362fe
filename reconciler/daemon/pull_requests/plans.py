"""What the head of a pull request would do to what is applied, with what the daemon knows of runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from reconciler.daemon.pull_requests.heads import bring
from reconciler.daemon.source_settings import SourceSettings
from reconciler.execution.site import Site
from reconciler.forges.base import PullRequest
from reconciler.model.plan import Actual
from reconciler.model.steps import Graph
from reconciler.planning.expected_time import Earlier, EarlierStep
from reconciler.review.change import ChangePlan, change_plan
from reconciler.review.loading import Surroundings, load_both
from reconciler.review.revisions import two_revisions
from reconciler.source.mirror import Mirror
from reconciler.state.actual import ActualReader
from reconciler.state.step_times import StepTimes


class HeadPlanner:
    """Plans heads of one source; called by one thread at a time."""

    def __init__(self, site: Site, settings: SourceSettings, mirror: Mirror) -> None:
        self._site = site
        self._settings = settings
        self._mirror = mirror

    def plan(self, pull: PullRequest, ref: str, applied: str) -> ChangePlan:
        """What the head would do, against where it left what is applied.

        Args:
            ref: what leads to the head in the repository that is followed.
            applied: the commit that is applied.

        Raises:
            UsageError: the head and what is applied have no commit in common.
            SourceError: the head cannot be brought here.
        """
        bring(self._mirror, pull, ref)
        revisions = two_revisions(self._mirror.git, applied, pull.head_commit)
        around = self._surroundings(pull.is_from_fork)
        sides = load_both(self._mirror.git, self._mirror.objects, revisions, around)
        change = change_plan(sides, self._mirror.objects, self._actual, self._times)
        return replace(change, plan=replace(change.plan, revision=f"{pull.head_branch}@sha1:{pull.head_commit}"))

    def _surroundings(self, is_from_fork: bool) -> Surroundings:
        """What is known besides Git; that strangers name a URL is no reason to ask for it."""
        state, images = self._site.state, self._site.base_images
        return Surroundings(
            state.documents,
            state.documents,
            None if is_from_fork else self._site.remote_data,
            None if images is None else images.as_pinned(),
            state.assets.all(),
            self._settings.data_roots,
            folder=self._settings.folder,
        )

    def _actual(self, graphs: Iterable[Graph]) -> Actual:
        return ActualReader(self._site.state).read(self._settings.name, graphs)

    def _times(self, pipeline: str) -> Earlier:
        found = StepTimes(self._site.state.database).of(pipeline)
        return {name: [EarlierStep(*each) for each in executions] for name, executions in found.items()}
