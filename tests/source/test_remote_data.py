"""Data at URLs, on a real web server: what it is known by, when it is read, and how it is fetched."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reconciler.model.configuration import DataSettings
from reconciler.model.data_paths import RemoteData, RemoteTrouble
from reconciler.model.errors import StepError
from reconciler.model.problems import Code
from reconciler.source.remote_data import RemoteStore
from reconciler.source.stores import AbandonedError

from .remote_known import Known
from .web import Web, serving_pages


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Looking:
    """A store of content as one process after the other has it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known = Known()
        self.told: list[str] = []
        self.clock = Clock()
        self.store = self.restarted()

    def restarted(self, is_work_tree: bool = True, **settings: object) -> RemoteStore:
        chosen = DataSettings(**{"timeout_seconds": 5.0, **settings})  # type: ignore[arg-type]
        self.store = RemoteStore(self.folder, self.known, chosen, is_work_tree, self.told.append, self.clock)
        return self.store

    def data(self, url: str) -> RemoteData:
        found = self.store.look_up([url])[url]
        assert isinstance(found, RemoteData), found
        return found

    def trouble(self, url: str) -> RemoteTrouble:
        found = self.store.look_up([url])[url]
        assert isinstance(found, RemoteTrouble), found
        return found


@pytest.fixture(scope="module")
def server() -> Iterator[Web]:
    with serving_pages() as web:
        yield web


@pytest.fixture
def web(server: Web) -> Web:
    server.pages.clear()
    server.asked.clear()
    return server


@pytest.fixture
def looking(tmp_path: Path) -> Looking:
    return Looking(tmp_path / "data")


def _sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_with_an_etag_nothing_is_read_but_the_head(web: Web, looking: Looking) -> None:
    url = web.put("loans.csv", b"1,2")
    before = looking.data(url)
    assert before.digest.startswith("etag:")
    assert web.asked == ["HEAD /loans.csv"]
    web.put("loans.csv", b"3,4")
    looking.restarted()
    assert looking.data(url).digest != before.digest
    assert web.gets() == 0


@pytest.mark.parametrize("tag", ["", 'W/"1"'], ids=["no ETag", "a weak ETag"])
def test_without_a_strong_etag_the_bytes_are_read_once(web: Web, looking: Looking, tag: str) -> None:
    url = web.put("loans.csv", b"1,2", tag=tag, changed="Mon, 01 Jan 2024 00:00:00 GMT")
    assert looking.data(url).digest == _sha256(b"1,2")
    looking.restarted()
    assert looking.data(url).digest == _sha256(b"1,2")
    assert web.gets() == 1
    web.put("loans.csv", b"3,4", tag=tag, changed="Tue, 02 Jan 2024 00:00:00 GMT")
    looking.restarted()
    assert looking.data(url).digest == _sha256(b"3,4")


def test_a_server_that_says_nothing_is_read_each_time(web: Web, looking: Looking) -> None:
    url = web.put("loans.csv", b"1,2", tag="", has_length=False)
    assert looking.data(url).digest == _sha256(b"1,2")
    web.put("loans.csv", b"3,4", tag="", has_length=False)
    looking.restarted()
    assert looking.data(url).digest == _sha256(b"3,4")


def test_who_was_asked_a_moment_ago_is_not_asked_again(web: Web, looking: Looking) -> None:
    url = web.put("loans.csv", b"1,2")
    before = looking.data(url)
    web.put("loans.csv", b"3,4")
    assert looking.data(url) == before
    looking.clock.now += 31.0
    assert looking.data(url) != before
    web.put("loans.csv", b"5,6")
    looking.store.forget()
    assert looking.data(url) != before
    assert len(web.asked) == 3


def test_many_are_looked_up_at_once(web: Web, looking: Looking) -> None:
    urls = [web.put(f"{number}.csv", b"x", wait=1.2) for number in range(8)]
    found = looking.store.look_up(urls)
    assert all(isinstance(data, RemoteData) for data in found.values())
    assert looking.told == ["looking up data at 8 URLs"]


def test_what_is_not_there_is_missing_and_may_come(web: Web, looking: Looking) -> None:
    trouble = looking.trouble(web.url("none.csv"))
    assert (trouble.code, trouble.is_passing) == (Code.MISSING_FILE, True)
    assert trouble.message == f"there is nothing at `{web.url('none.csv')}`"
    assert trouble.hint == "put it there, or correct the URL"
    web.put("none.csv", b"")
    assert looking.data(web.url("none.csv")).digest


@pytest.mark.parametrize(
    ("how", "reason", "hint"),
    [
        ({"status": 503}, "503 Service Unavailable", "see that the store can be reached from here; it is tried again"),
        (
            {"status": 403},
            "403 Forbidden",
            "give reconciler's environment the credentials: ~/.netrc, `AWS_…` variables and the like",
        ),
        ({"wait": 2.0}, "it takes too long", "see that the store can be reached from here; it is tried again"),
        (
            {"tag": "", "cut": 1},
            "the connection broke off",
            "see that the store can be reached from here; it is tried again",
        ),
    ],
    ids=["broken", "forbidden", "slow", "cut off"],
)
def test_a_server_that_does_not_answer_well_says_why(
    web: Web, looking: Looking, how: dict[str, object], reason: str, hint: str
) -> None:
    looking.restarted(timeout_seconds=1.0)
    url = web.put("loans.csv", b"1,2", **how)
    trouble = looking.trouble(url)
    assert (trouble.code, trouble.is_passing) == (Code.UNREACHABLE_DATA, True)
    assert trouble.message == f"`{url}` cannot be looked up: {reason}"
    assert trouble.hint == hint
    assert not list(looking.folder.glob(".part-*"))


def test_nobody_listens(looking: Looking) -> None:
    trouble = looking.trouble("http://127.0.0.1:9/loans.csv")
    assert trouble.message.startswith("`http://127.0.0.1:9/loans.csv` cannot be looked up: cannot connect: ")


def test_what_was_known_before_holds_while_the_store_is_away(web: Web, looking: Looking) -> None:
    url = web.put("loans.csv", b"1,2")
    before = looking.data(url)
    web.put("loans.csv", b"", status=503)
    looking.restarted()
    now = looking.data(url)
    assert now.digest == before.digest
    assert now.note == (
        f"`{url}` cannot be looked up: 503 Service Unavailable; it is taken for what it was when it last could be"
    )
    web.pages.clear()
    looking.restarted()
    assert looking.trouble(url).code is Code.MISSING_FILE


@pytest.mark.parametrize("has_length", [True, False], ids=["it says so", "it does not say so"])
def test_what_is_too_large_is_not_read(web: Web, looking: Looking, has_length: bool) -> None:
    looking.restarted(max_bytes=100_000)
    url = web.put("loans.csv", b"x" * 100_001, tag="", has_length=has_length)
    trouble = looking.trouble(url)
    assert trouble.message == f"`{url}` is larger than the 100000 bytes that data at a URL may have"
    assert not trouble.is_passing
    assert list(looking.folder.glob("*")) == []


def test_content_is_fetched_once_and_read_only(web: Web, looking: Looking) -> None:
    url = web.put("loans.csv", b"1,2")
    digest = looking.data(url).digest
    path = looking.store.fetch(url, digest)
    assert path.read_bytes() == b"1,2"
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    web.pages.clear()
    assert looking.restarted().fetch(url, digest) == path
    assert web.gets() == 1


def test_bytes_that_were_read_to_be_known_are_not_fetched_again(web: Web, looking: Looking) -> None:
    url = web.put("loans.csv", b"1,2", tag="")
    assert looking.store.fetch(url, looking.data(url).digest).read_bytes() == b"1,2"
    assert web.gets() == 1


@pytest.mark.parametrize("tag", [None, ""], ids=["ETag", "bytes"])
def test_what_changed_since_it_was_looked_up_is_not_taken(web: Web, looking: Looking, tag: str | None) -> None:
    url = web.put("loans.csv", b"1,2", tag=tag)
    digest = looking.data(url).digest
    for file in looking.folder.glob("*"):
        file.unlink()
    web.put("loans.csv", b"3,4", tag=tag)
    with pytest.raises(StepError, match="the data has changed since the run was planned with it"):
        looking.store.fetch(url, digest)
    assert list(looking.folder.glob("*")) == []


def test_a_fetch_that_was_cut_off_starts_anew(web: Web, looking: Looking) -> None:
    url = web.put("loans.csv", b"1,2", tag='"1"')
    digest = looking.data(url).digest
    web.put("loans.csv", b"1,2", tag='"1"', cut=2)
    with pytest.raises(StepError, match="the connection broke off"):
        looking.store.fetch(url, digest)
    web.put("loans.csv", b"1,2", tag='"1"')
    assert looking.store.fetch(url, digest).read_bytes() == b"1,2"


def test_what_a_killed_process_left_is_removed(web: Web, looking: Looking) -> None:
    looking.folder.mkdir()
    (looking.folder / ".part-999999999-0").write_bytes(b"1")
    (looking.folder / f".part-{os.getppid()}-0").write_bytes(b"1")
    url = web.put("loans.csv", b"1,2")
    looking.store.fetch(url, looking.data(url).digest)
    assert [file.name for file in looking.folder.glob(".part-*")] == [f".part-{os.getppid()}-0"]


def test_two_steps_that_need_it_fetch_it_once(web: Web, looking: Looking) -> None:
    url = web.put("loans.csv", b"1,2", wait=0.2)
    digest = looking.data(url).digest
    with ThreadPoolExecutor(4) as pool:
        paths = {pool.submit(looking.store.fetch, url, digest) for _ in range(4)}
    assert len({path.result() for path in paths}) == 1
    assert web.gets() == 1


def test_a_fetch_ends_with_the_program(web: Web, looking: Looking) -> None:
    url = web.put("loans.csv", b"1,2", wait=1.0)
    digest = looking.data(url).digest
    web.put("loans.csv", b"1,2", wait=4.0)
    with ThreadPoolExecutor(1) as pool:
        fetching = pool.submit(looking.store.fetch, url, digest)
        time.sleep(0.3)
        looking.store.abandon()
        begun = time.monotonic()
        with pytest.raises(AbandonedError):
            fetching.result()
    assert time.monotonic() - begun < 2.0
    assert list(looking.folder.glob("*")) == []


def test_a_redirect_is_followed(web: Web, looking: Looking) -> None:
    web.put("loans.csv", b"1,2")
    url = web.put("old.csv", b"", tag="", status=302, location="/loans.csv")
    assert looking.store.fetch(url, looking.data(url).digest).read_bytes() == b"1,2"


_METADATA = "http://169.254.169.254/latest/meta-data"


@pytest.mark.parametrize("is_work_tree", [True, False])
def test_the_addresses_of_clouds_are_never_asked(web: Web, looking: Looking, is_work_tree: bool) -> None:
    looking.restarted(is_work_tree, urls=(f"{web.address}/*", "http://*"))
    assert looking.trouble(_METADATA).code is Code.OUTSIDE_REPOSITORY
    url = web.put("loans.csv", b"", status=302, location=_METADATA)
    assert looking.trouble(url).message == f"`{url}` may not be asked: it redirects to 169.254.169.254"


def _localhost(web: Web) -> str:
    return f"http://localhost:{web.port}"


def _number(web: Web) -> str:
    return f"http://0x7f000001:{web.port}"


@pytest.mark.parametrize("address", [_localhost, _number, lambda web: web.address], ids=["name", "number", "address"])
def test_the_daemon_asks_this_machine_only_where_it_is_named(
    web: Web, looking: Looking, address: Callable[[Web], str]
) -> None:
    web.put("loans.csv", b"1,2")
    url = f"{address(web)}/loans.csv"
    looking.restarted(is_work_tree=False, urls=("http://*",))
    trouble = looking.trouble(url)
    assert trouble.code is Code.OUTSIDE_REPOSITORY
    assert web.asked == []
    looking.restarted(is_work_tree=False, urls=(f"{address(web)}/*",))
    assert looking.data(url).digest


def test_a_host_that_leads_to_another_name_of_this_machine_is_not_followed(web: Web, looking: Looking) -> None:
    web.put("secret", b"1")
    url = web.put("loans.csv", b"", status=302, location=f"{_localhost(web)}/secret")
    looking.restarted(is_work_tree=False, urls=(f"{web.address}/*",))
    assert looking.trouble(url).code is Code.OUTSIDE_REPOSITORY
    assert "GET /secret" not in web.asked


def test_what_the_operator_does_not_allow_is_not_asked(web: Web, looking: Looking) -> None:
    url = web.put("loans.csv", b"1,2")
    looking.restarted(urls=("https://data.example.org/*",))
    trouble = looking.trouble(url)
    assert trouble.message == f"data may not be read from `{url}`"
    assert trouble.hint == (
        f'whoever runs reconciler allows it with `data: {{urls: ["{web.address}/*"]}}` in the configuration'
    )
    with pytest.raises(StepError, match="may not be read"):
        looking.store.fetch(url, "etag:1")
    assert web.asked == []


def test_a_store_that_nothing_is_installed_for_says_what_to_install(looking: Looking) -> None:
    trouble = looking.trouble("gs://bucket/loans.csv")
    assert trouble.message == "nothing is installed that reads `gs://`"
    assert trouble.hint == "pip install 'reconciler[gcs]'"
