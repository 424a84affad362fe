"""The sources of a configuration file."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from reconciler.configuration.files import readable_file
from reconciler.configuration.pull_requests import PullRequestReader
from reconciler.model.configuration import ConfiguredSource, UpgradeSettings
from reconciler.model.errors import UsageError
from reconciler.model.followed import Access, Fetch, Fetching, Followed, Signed, Verification, Way
from reconciler.model.problems import Pointer
from reconciler.model.pull_requests import PullRequestSettings
from reconciler.model.versions import InvalidRangeError, parse_range
from reconciler.source.addresses import check_address
from reconciler.state.sources import LOCAL_SOURCE

_OF_SSH = re.compile(r"ssh://|[^/@]+@[^/:]+:")
_UNSPEAKABLE = re.compile(r"[\x00-\x1f\x7f]")
_DEFAULT = ConfiguredSource("", "")
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Readers:
    """How single values of the file are read, each complaint with its place."""

    value: Callable[[Any, Pointer], str]
    duration: Callable[[Mapping[str, Any], str, Pointer, float], float]
    error: Callable[[str, str, Pointer], UsageError]
    upgrades: Callable[[Mapping[str, Any], Pointer], UpgradeSettings]


class SourceReader:
    """Reads what stands below `sources:`.

    Args:
        upgrades: those of the sources that say nothing of them.
    """

    def __init__(self, readers: Readers, upgrades: UpgradeSettings | None) -> None:
        self._read = readers
        self._upgrades = upgrades
        self._pull_requests = PullRequestReader(readers.value, readers.duration, readers.error)

    def all(self, written: Iterable[Mapping[str, Any]]) -> tuple[ConfiguredSource, ...]:
        """The sources in the order of the file.

        Raises:
            UsageError: something in them is wrong; with file, line and column.
        """
        return tuple(self._all(written))

    def _all(self, written: Iterable[Mapping[str, Any]]) -> Iterator[ConfiguredSource]:
        names: set[str] = set()
        for index, each in enumerate(written):
            pointer: Pointer = ("sources", index)
            name = each["name"]
            if name == LOCAL_SOURCE:
                hint = f"choose another one: `{LOCAL_SOURCE}` is what `apply` goes by"
                raise self._read.error(f"a source cannot be named `{name}`", hint, (*pointer, "name"))
            if name in names:
                message = f"there is a source `{name}` already"
                raise self._read.error(message, "give each a name of its own", (*pointer, "name"))
            names.add(name)
            yield self._one(each, pointer)

    def _one(self, written: Mapping[str, Any], pointer: Pointer) -> ConfiguredSource:
        url = self._url(written["url"], (*pointer, "url"))
        followed = self._followed(written, pointer)
        data_roots = written.get("data_roots")
        return ConfiguredSource(
            name=written["name"],
            url=url,
            followed=str(followed),
            folder=self._folder(written.get("path", ""), (*pointer, "path")),
            interval=self._seconds(written, "interval", pointer, is_positive=True),
            jitter=self._seconds(written, "jitter", pointer),
            timeout=self._seconds(written, "timeout", pointer, is_positive=True) or _DEFAULT.timeout,
            deadline=self._seconds(written, "deadline", pointer, is_positive=True) or _DEFAULT.deadline,
            experiment_prefix=written.get("experiment_prefix", ""),
            engine=written.get("engine", ""),
            data_roots=None if data_roots is None else tuple(data_roots),
            upgrades=self._upgrades_of(written, followed, pointer),
            access=self._access(written, url, pointer),
            verification=self._verification(written, followed, pointer),
            pull_requests=self._pull_requests_of(written, pointer),
            fetching=Fetching(
                Fetch(written.get("fetch", Fetch.AUTO)), written.get("submodules", False), written.get("lfs", False)
            ),
        )

    def _url(self, written: str, pointer: Pointer) -> str:
        try:
            check_address(written)
        except UsageError as error:
            raise self._read.error(error.message, error.hint or "", pointer) from None
        return written

    def _followed(self, written: Mapping[str, Any], pointer: Pointer) -> Followed:
        told = [way for way in Way if way in written]
        if len(told) > 1:
            hint = "write one of them; none stands for `branch: main`"
            raise self._read.error(f"`{told[0]}` and `{told[1]}` exclude each other", hint, (*pointer, told[1]))
        if not told:
            return Followed(Way.BRANCH, "main")
        followed = Followed(told[0], written[told[0]])
        if followed.way is Way.SEMVER:
            try:
                parse_range(followed.name)
            except InvalidRangeError as error:
                raise self._read.error(str(error), "write a range such as `^1.2`", (*pointer, "semver")) from None
        return followed

    def _folder(self, written: str, pointer: Pointer) -> str:
        folder = posixpath.normpath(written) if written else ""
        if folder.split("/")[0] in ("..", "") and written:
            raise self._read.error("this leads out of the repository", "write a folder of it", pointer)
        return "" if folder == "." else folder

    def _seconds(
        self, written: Mapping[str, Any], key: str, pointer: Pointer, is_positive: bool = False
    ) -> float | None:
        if key not in written:
            return None
        seconds = self._read.duration(written, key, pointer, 0.0)
        if is_positive and not seconds:
            raise self._read.error("this is no time at all", "write a time such as `60s`", (*pointer, key))
        return seconds

    def _upgrades_of(self, written: Mapping[str, Any], followed: Followed, pointer: Pointer) -> UpgradeSettings | None:
        is_own = "upgrades" in written
        place = (*pointer, "upgrades")
        upgrades = self._read.upgrades(written["upgrades"] or {}, place) if is_own else self._upgrades
        if upgrades is not None and upgrades.branch == followed.branch:
            hint = "name another one: `upgrades: {branch: reconciler/upgrades}`"
            at = (*place, "branch") if is_own else (*pointer, "branch")
            raise self._read.error(f"upgrades cannot be committed to `{upgrades.branch}`, which is followed", hint, at)
        return upgrades

    def _pull_requests_of(self, written: Mapping[str, Any], pointer: Pointer) -> PullRequestSettings | None:
        if "pull_requests" not in written:
            return None
        return self._pull_requests.read(written["pull_requests"], (*pointer, "pull_requests"))

    def _access(self, written: Mapping[str, Any], url: str, pointer: Pointer) -> Access:
        ssh = written.get("ssh") or {}
        if ssh and not _OF_SSH.match(url):
            hint = "write an address such as `ssh://git@example.org/a.git`, or take `ssh:` away"
            raise self._read.error("a key for SSH is of no use for this address", hint, (*pointer, "ssh"))
        if "username" in written and "token" not in written:
            message = "a user name without a token is of no use"
            raise self._read.error(message, "write `token: {env: NAME}` beside it", (*pointer, "username"))
        username = self._spoken(self._read.value(written.get("username", _DEFAULT.access.username), pointer), pointer)
        return Access(
            username,
            self._token(written, url, (*pointer, "token")),
            readable_file(ssh, "key_file", (*pointer, "ssh"), self._read.error),
            readable_file(ssh, "known_hosts_file", (*pointer, "ssh"), self._read.error),
        )

    def _token(self, written: Mapping[str, Any], url: str, pointer: Pointer) -> str:
        if "token" not in written:
            return ""
        server = urlsplit(url)
        if server.scheme != "https" and (server.scheme != "http" or server.hostname not in _THIS_MACHINE):
            hint = "write an address that starts with https://, or take `token:` away"
            raise self._read.error("a token goes over HTTPS alone", hint, pointer)
        if "@" in server.netloc:
            hint = "take them out of `url:`"
            raise self._read.error("the address holds credentials of its own", hint, pointer)
        return self._spoken(self._read.value(written["token"], pointer), pointer)

    def _spoken(self, text: str, pointer: Pointer) -> str:
        if not text or _UNSPEAKABLE.search(text):
            raise self._read.error("there is nothing, or a line break in it", "see what is written there", pointer)
        return text

    def _verification(self, written: Mapping[str, Any], followed: Followed, pointer: Pointer) -> Verification | None:
        if "verify" not in written:
            return None
        told, place = written["verify"], (*pointer, "verify")
        signed = Signed(told.get("mode", Signed.COMMIT))
        if signed is Signed.TAG and followed.way not in (Way.TAG, Way.SEMVER):
            hint = "follow one with `tag:` or `semver:`, or verify the `commit`"
            raise self._read.error("no tag is followed that could be verified", hint, (*place, "mode"))
        files = [key for key in ("allowed_signers_file", "gpg_keys_file") if key in told]
        if len(files) != 1:
            message = "it must be said whose signature counts, in one way"
            raise self._read.error(message, "write `allowed_signers_file: PATH` or `gpg_keys_file: PATH`", place)
        return Verification(
            signed,
            readable_file(told, "allowed_signers_file", place, self._read.error),
            readable_file(told, "gpg_keys_file", place, self._read.error),
        )
