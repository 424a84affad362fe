"""What is followed, and how."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.daemon.retries import RetryPolicy
from reconciler.execution.origin import Origin
from reconciler.model.configuration import UpgradeSettings
from reconciler.source.mirror import redacted


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """One source.

    Attributes:
        data_roots: folders from which manifests may name data by absolute path.
        upgrades: the branch that upgrades of references are committed to; None for none.
    """

    name: str
    url: str
    branch: str
    data_roots: tuple[str, ...] = ()
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    upgrades: UpgradeSettings | None = None

    @property
    def address(self) -> str:
        """The URL as it may be shown."""
        return redacted(self.url)

    def origin(self, commit: str | None) -> Origin:
        """Where the manifests of a commit come from."""
        return Origin(self.address, self.branch, commit or "")
