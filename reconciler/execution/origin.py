"""Where manifests come from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a run's manifests come from, as MLflow's `mlflow.source.git.*` tags have it."""

    url: str = ""
    branch: str = ""
    commit: str = ""

    def tags(self) -> dict[str, str]:
        named = {"repoURL": self.url, "branch": self.branch, "commit": self.commit}
        return {f"mlflow.source.git.{name}": value for name, value in named.items() if value}
