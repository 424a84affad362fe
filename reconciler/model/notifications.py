"""Who is told of events, which ones, and what is told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from reconciler.model.events import Event, EventType

RECEIVER_KIND = "receiver"  # what events about receivers themselves go by
_ALL = ("*",)
_COMMIT = re.compile(r"(?:.*@)?sha1:([0-9a-f]{40}|[0-9a-f]{64})")


class ReceiverType(StrEnum):
    SLACK = "slack"
    WEBHOOK = "webhook"
    SMTP = "smtp"
    GITHUB = "github"
    GITLAB = "gitlab"
    GITEA = "gitea"

    @property
    def is_forge(self) -> bool:
        """Whether it is told how commits do, and nothing else."""
        return self in (ReceiverType.GITHUB, ReceiverType.GITLAB, ReceiverType.GITEA)


class Encryption(StrEnum):
    """How the way to a mail server is kept from others."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret is read each time that it is needed, so that a changed one counts at once."""

    variable: str = ""
    file: str = ""

    @property
    def told(self) -> str:
        return f"${self.variable}" if self.variable else self.file


@dataclass(frozen=True, slots=True)
class Selection:
    """Which events a receiver is told; `names` and `sources` are patterns.

    Attributes:
        kinds: () for all.
    """

    only_warnings: bool = True
    kinds: tuple[str, ...] = ()
    names: tuple[str, ...] = _ALL
    sources: tuple[str, ...] = _ALL

    def wants(self, event: Event) -> bool:
        if self.only_warnings and event.type is not EventType.WARNING:
            return False
        if self.kinds and event.kind not in self.kinds:
            return False
        return _matches(event.name, self.names) and _matches(event.source, self.sources)


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


@dataclass(frozen=True, slots=True)
class Rate:
    """How much is sent in a time; what is over waits, and is told together."""

    count: int = 10
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Mail:
    """The server that mail is handed to, and for whom.

    Attributes:
        username: "" where the server is not told who we are.
    """

    host: str
    port: int
    sender: str
    recipients: tuple[str, ...]
    encryption: Encryption = Encryption.STARTTLS
    username: str = ""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody who is told.

    Attributes:
        url: of a hook, or of a forge as a browser has it; "" where the secret holds it.
        repository: at a forge, such as `ml/loans`; "" to take it from the address of each source.
        ca_file: certificates to trust instead of those of the machine, "" for these.
        mail: of a receiver of mail, else None.
    """

    name: str
    type: ReceiverType
    url: str = ""
    secret: Secret | None = None
    selection: Selection = field(default_factory=Selection)
    rate: Rate = field(default_factory=Rate)
    repository: str = ""
    ca_file: str = ""
    mail: Mail | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """What is told; sent again, it is the same to the letter.

    Attributes:
        delivery: tells receivers that they have had it already.
        source_url: the repository of the event's source without credentials, "" where it has none.
        metrics: of the run that the event is of.
        more: how many others it stands for, which came too fast to be told one by one.
    """

    delivery: str
    event: Event
    source_url: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    more: int = 0


def commit_of(revision: str) -> str:
    """The commit of a revision such as `main@sha1:1a2b…`, "" where it names none in full."""
    found = _COMMIT.fullmatch(revision)
    return found[1] if found else ""
