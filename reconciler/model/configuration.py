"""How this machine's operator has set the program up; nothing of it comes from a repository."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.model.followed import Access, Fetching, Verification
from reconciler.model.http import HttpSettings
from reconciler.model.pull_requests import PullRequestSettings
from reconciler.model.resources import Resources
from reconciler.model.upgrades import UpgradePolicy
from reconciler.model.upkeep import Upkeep

if TYPE_CHECKING:
    from reconciler.model.notifications import Receiver
    from reconciler.model.windows import Window


@dataclass(frozen=True, slots=True)
class BuildSecret:
    """What a build may read and no image keeps.

    Attributes:
        id: as `RUN --mount=type=secret,id=…` names it.
        file: where its content lies.
        variable: the variable of our own environment that holds it, where it lies in no file.
        target: where the installation of a conda file finds it; "" where it is for Dockerfiles alone.
    """

    id: str
    file: str = ""
    variable: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """How images are built.

    Attributes:
        arguments: build arguments; each is declared in every stage of a Dockerfile. They stay in an image's history.
        network: `default`, `host`, `none` or the name of a network.
        backend: `buildkit`, `classic`, or `auto` for BuildKit where a client of it is installed.
        micromamba: the image that micromamba is taken from where a conda file holds conda packages.
    """

    arguments: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[BuildSecret, ...] = ()
    network: str = "default"
    backend: str = "auto"
    timeout_seconds: float = 7200.0
    micromamba: str = "mambaorg/micromamba:2-debian12-slim"


@dataclass(frozen=True, slots=True)
class RegistryLogin:
    """Who we are to a registry."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much more than the defaults a step may ask for."""

    memory: int | None = None
    cpus: float | None = None
    shared_memory: int | None = None
    gpus: int = 0
    networks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class StepSettings:
    """What every container of a step gets.

    Attributes:
        user: `uid:gid`; None for the daemon's own, and for nobody's where the daemon is root.
        defaults: memory and processors of a step that asks for none; None for half of the engine's memory and all of
            its processors.
        processes: how many processes and threads a step may have at once.
        temporary: bytes of /tmp, which lies in memory.
        variables: given to every step, below what the step itself says.
    """

    user: str | None = None
    defaults: Resources = field(default_factory=Resources)
    allowed: Allowance = field(default_factory=Allowance)
    processes: int = 4096
    temporary: int = 1 << 30
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrackingWay:
    """How containers reach an MLflow server.

    Attributes:
        network: the network on which they do.
        uri: the server's address as they see it; "" where it is the daemon's own.
    """

    network: str = ""
    uri: str = ""


@dataclass(frozen=True, slots=True)
class DockerSettings:
    """The Docker engine and what is asked of it.

    Attributes:
        host: such as `unix:///run/docker.sock`; "" for `$DOCKER_HOST`, else the usual sockets.
        push: the registry and path below which built images are kept too, "" for none.
        patience_seconds: how long a step waits for an engine that is gone.
        paths: where the engine finds folders of ours, where it sees other ones than we do, as in a container.
    """

    host: str = ""
    build: BuildSettings = field(default_factory=BuildSettings)
    steps: StepSettings = field(default_factory=StepSettings)
    tracking: TrackingWay = field(default_factory=TrackingWay)
    registries: Mapping[str, RegistryLogin] = field(default_factory=dict)
    push: str = ""
    patience_seconds: float = 300.0
    paths: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DataSettings:
    """Data at URLs.

    Attributes:
        urls: patterns of the URLs that manifests may name, such as `https://data.example.org/*`; None for the defaults.
        max_bytes: the most that lies at one URL.
        timeout_seconds: how long a store may take to answer.
    """

    urls: tuple[str, ...] | None = None
    max_bytes: int = 16 << 30
    timeout_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class UpgradeSettings:
    """The branch that the daemon keeps upgrades of references on, for somebody to merge.

    Attributes:
        is_pushed: False to make the commits in the mirror alone.
        author: name and address, as in `reconciler <reconciler@localhost>`.
        retry_seconds: after which a push is tried again that failed.
    """

    branch: str = "reconciler/upgrades"
    policy: UpgradePolicy = UpgradePolicy.WITHIN_RANGE
    is_pushed: bool = True
    author: tuple[str, str] = ("reconciler", "reconciler@localhost")
    retry_seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class ConfiguredSource:
    """A repository that the daemon follows; times in seconds.

    Attributes:
        followed: a branch, tag, range or commit, as `Followed` writes it.
        folder: only manifests below it count, "" for all.
        interval: between two looks; None for what the command line says.
        jitter: by which that varies; None for a little.
        timeout: how long the remote may take to answer.
        deadline: how long one look may take before it is given up.
        experiment_prefix: stands before the names of the experiments of its pipelines.
        data_roots: folders from which manifests may name data by absolute path; None for those of the command line.
        verification: whose signature is demanded; None for nobody's.
        fetching: what of the repository is brought here.
        engine: where its steps run; "" for what the command line says.
        pull_requests: how they are reviewed; None where they are not.
    """

    name: str
    url: str
    followed: str = "main"
    folder: str = ""
    interval: float | None = None
    jitter: float | None = None
    timeout: float = 60.0
    experiment_prefix: str = ""
    data_roots: tuple[str, ...] | None = None
    upgrades: UpgradeSettings | None = None
    access: Access = field(default_factory=Access)
    verification: Verification | None = None
    fetching: Fetching = field(default_factory=Fetching)
    engine: str = ""
    deadline: float = 900.0
    pull_requests: PullRequestSettings | None = None


@dataclass(frozen=True, slots=True)
class LogSettings:
    """The daemon's log.

    Attributes:
        format: `console` or `json`; "" for the one on a terminal and the other elsewhere.
        level: the least that is told, "" for `info`.
    """

    format: str = ""
    level: str = ""


@dataclass(frozen=True, slots=True)
class Configuration:
    """All that the configuration file says.

    Attributes:
        file: where it stands, "" where there is none.
        upgrades: None where the daemon makes none.
        sources: what the daemon follows where the command line names nothing.
        windows: when runs may start; at any time where there are none.
        drain_seconds: how long runs may go on once the daemon is told to stop.
        secrets: all that was taken from files and variables, which no log shows.
        http: where the daemon listens, and to whom.
    """

    file: str = ""
    docker: DockerSettings = field(default_factory=DockerSettings)
    data: DataSettings = field(default_factory=DataSettings)
    upgrades: UpgradeSettings | None = None
    upkeep: Upkeep = field(default_factory=Upkeep)
    sources: tuple[ConfiguredSource, ...] = ()
    windows: tuple[Window, ...] = ()
    receivers: tuple[Receiver, ...] = ()
    log: LogSettings = field(default_factory=LogSettings)
    drain_seconds: float = 0.0
    secrets: tuple[str, ...] = field(default=(), repr=False, compare=False)
    http: HttpSettings = field(default_factory=HttpSettings)
