"""What is followed, and how."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.daemon.retries import RetryPolicy
from reconciler.execution.origin import Origin
from reconciler.execution.site import Site
from reconciler.model.configuration import UpgradeSettings
from reconciler.model.followed import Access, Fetching, Followed, Verification
from reconciler.model.pull_requests import PullRequestSettings
from reconciler.model.upkeep import Upkeep
from reconciler.model.windows import Window
from reconciler.source.addresses import redacted
from reconciler.source.mirror import Mirror


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """One source; times in seconds.

    Attributes:
        branch: what is followed, as `Followed` writes it: a branch as such.
        data_roots: folders from which manifests may name data by absolute path.
        upgrades: the branch that upgrades of references are committed to; None for none.
        folder: only manifests below it count, "" for all.
        experiment_prefix: stands before the names of the experiments of its pipelines.
        interval: between two looks, which vary by `jitter`.
        timeout: how long the remote may take to answer.
        deadline: how long one look may take, with all that it plans and starts, before it is given up.
        verification: whose signature is demanded; None for nobody's.
        windows: when runs may start.
        fetching: what of the repository is brought here.
        engine: where its steps run; "" where those of all sources do that say nothing of it.
        pull_requests: how they are reviewed; None where they are not.
    """

    name: str
    url: str
    branch: str
    data_roots: tuple[str, ...] = ()
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    upgrades: UpgradeSettings | None = None
    upkeep: Upkeep = field(default_factory=Upkeep)
    folder: str = ""
    experiment_prefix: str = ""
    interval: float = 60.0
    jitter: float = 5.0
    timeout: float = 60.0
    access: Access = field(default_factory=Access)
    verification: Verification | None = None
    windows: tuple[Window, ...] = ()
    fetching: Fetching = field(default_factory=Fetching)
    engine: str = ""
    deadline: float = 900.0
    pull_requests: PullRequestSettings | None = None

    @property
    def address(self) -> str:
        """The URL as it may be shown."""
        return redacted(self.url)

    @property
    def followed(self) -> Followed:
        return Followed.parse(self.branch)

    def origin(self, commit: str | None) -> Origin:
        """Where the manifests of a commit come from."""
        return Origin(self.address, self.followed.branch, commit or "")


def open_mirror(site: Site, source: SourceSettings) -> Mirror:
    """The mirror of a source, kept in the state."""
    directory = site.state.folder.sources / f"{source.name}.git"
    return Mirror(source.url, source.branch, directory, source.timeout, source.access, source.fetching)
