"""The layout of a state folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

ENVIRONMENT_VARIABLE = "RECONCILER_STATE"


@dataclass(frozen=True, slots=True)
class StateFolder:
    """Where everything lies that the program keeps; all of it below one folder."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "state.db"

    @property
    def cache(self) -> Path:
        return self.root / "cache.db"

    @property
    def outputs(self) -> Path:
        return self.root / "outputs"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def code(self) -> Path:
        return self.root / "code"

    @property
    def artifacts(self) -> Path:
        return self.root / "artifacts"

    @property
    def work(self) -> Path:
        return self.root / "work"

    @property
    def environments(self) -> Path:
        return self.root / "environments"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def sources(self) -> Path:
        return self.root / "sources"

    @property
    def alive(self) -> Path:
        """Touched every few seconds by a daemon that is well."""
        return self.root / "alive"

    @property
    def socket(self) -> Path:
        """Where a daemon that runs is spoken to."""
        return self.root / "daemon.sock"

    @property
    def spoilt(self) -> Path:
        return self.root / "spoilt"

    @property
    def scratch(self) -> Path:
        return self.root / "scratch"

    @property
    def mlflow_database(self) -> Path:
        return self.root / "mlflow" / "mlflow.db"

    @property
    def mlflow_artifacts(self) -> Path:
        return self.root / "mlflow" / "artifacts"

    @property
    def mlflow_spool(self) -> Path:
        """What steps log while an MLflow server is away, until the server has it."""
        return self.root / "mlflow-spool"

    @property
    def mlflow_uri(self) -> str:
        """The tracking URI of the MLflow record that comes with the state: SQLite and local artifacts."""
        return f"sqlite:///{self.mlflow_database}"

    def prepare(self) -> None:
        """Make the folders, readable by their owner alone."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in (
            self.outputs,
            self.data,
            self.code,
            self.artifacts,
            self.work,
            self.environments,
            self.logs,
            self.sources,
            self.scratch,
            self.mlflow_artifacts,
        ):
            folder.mkdir(parents=True, exist_ok=True)


def default_state_folder() -> StateFolder:
    """`$RECONCILER_STATE`, else the platform's folder for user data."""
    chosen = os.environ.get(ENVIRONMENT_VARIABLE)
    return StateFolder(Path(chosen).resolve() if chosen else user_data_path("reconciler"))
