"""What of a repository is followed, and how it is reached."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model.versions import Version, parse_range, parse_version, precedence

_TAG_OF_VERSION = re.compile(r"v?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)", re.ASCII)


class Way(StrEnum):
    """How one commit of a repository is chosen; no name of a branch holds the `:` that the others are written with."""

    BRANCH = "branch"
    TAG = "tag"
    SEMVER = "semver"
    COMMIT = "commit"


@dataclass(frozen=True, slots=True)
class Followed:
    """The commit that counts: that of a branch, of a tag, of the highest tag within a range, or always the same one."""

    way: Way
    name: str

    @classmethod
    def parse(cls, text: str) -> Followed:
        """What `str` wrote: `main`, `tag:v1.2.0`, `semver:^1.2`, `commit:1a2b…`."""
        way, colon, name = text.partition(":")
        return cls(Way(way), name) if colon and way in list(Way) else cls(Way.BRANCH, text)

    def __str__(self) -> str:
        return self.name if self.way is Way.BRANCH else f"{self.way}:{self.name}"

    @property
    def branch(self) -> str:
        """The branch, "" where none is followed."""
        return self.name if self.way is Way.BRANCH else ""

    @property
    def told(self) -> str:
        """As it stands in a sentence."""
        return f"tag within `{self.name}`" if self.way is Way.SEMVER else f"{self.way} `{self.name}`"

    def tag_among(self, names: Iterable[str]) -> str | None:
        """The tag that counts, of those that there are; None where none does, or no tag is followed."""
        if self.way is Way.TAG:
            return self.name if self.name in set(names) else None
        if self.way is not Way.SEMVER:
            return None
        wanted = parse_range(self.name)
        fitting = [(version, name) for name in names if (version := version_of_tag(name)) and version in wanted]
        return max(fitting, key=lambda each: (precedence(each[0]), each[1]), default=(None, None))[1]


def version_of_tag(name: str) -> Version | None:
    """The version that a tag such as `v1.2.0` or `1.2.0` stands for, None for any other tag."""
    matched = _TAG_OF_VERSION.fullmatch(name)
    try:
        return parse_version(matched[1]) if matched else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Access:
    """How a remote is reached.

    Attributes:
        token: goes with HTTPS, as the password of `username`; "" for none.
        key_file: the private key for SSH, "" for what the daemon's user has.
        known_hosts_file: the servers that are known, "" for those that the daemon's user knows.
        is_ssh: whether SSH is to be used as is said here; then only a server that is known is spoken to.
    """

    username: str = "x-access-token"
    token: str = field(default="", repr=False)
    key_file: str = ""
    known_hosts_file: str = ""

    @property
    def is_ssh(self) -> bool:
        return bool(self.key_file or self.known_hosts_file)


class Fetch(StrEnum):
    """How much of a repository is brought here at once."""

    AUTO = "auto"
    FULL = "full"
    BLOBLESS = "blobless"


@dataclass(frozen=True, slots=True)
class Fetching:
    """What of a repository is brought here.

    Attributes:
        fetch: all content of its history, or that of files only once it is needed; `auto` for the latter where the
            repository lies on another machine.
        has_submodules: whether submodules count as folders of the repository.
        has_large_files: whether the content of files in Git LFS is brought too.
    """

    fetch: Fetch = Fetch.AUTO
    has_submodules: bool = False
    has_large_files: bool = False


class Signed(StrEnum):
    """What has to be signed."""

    COMMIT = "commit"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class Verification:
    """Whose signature is demanded; exactly one of the two files is named.

    Attributes:
        allowed_signers_file: SSH keys by name, as `ssh-keygen` reads them.
        gpg_keys_file: public keys, armoured or not.
    """

    signed: Signed = Signed.COMMIT
    allowed_signers_file: str = ""
    gpg_keys_file: str = ""
