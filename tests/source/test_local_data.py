"""Data outside the repository: known by its content, read only below the roots that the operator allows."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.source.local_data import with_local_data
from tests.manifests.repository import load


class Digests:
    """A cache as long as the test; `hashed` lists the files whose bytes were read."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[str, str]] = {}
        self.hashed: list[str] = []

    def local_digest(self, path: str, stamp: str) -> str | None:
        known = self.known.get(path)
        return known[1] if known and known[0] == stamp else None

    def keep_local_digest(self, path: str, stamp: str, digest: str) -> None:
        self.known[path] = (stamp, digest)
        self.hashed.append(Path(path).name)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def _asset(path: object) -> str:
    return f"$schema: data.schema.json\nname: loans\nversion: 1.0.0\ntype: uri_file\npath: {path}\n"


def _digests(path: object, *roots: Path, cache: Digests | None = None) -> Mapping[str, str]:
    desired = load({"loans.yaml": _asset(path)})
    return with_local_data(desired, [str(root) for root in roots], cache or Digests()).local_data


def _sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_file_below_a_root_is_known_by_its_bytes(root: Path, scheme: str) -> None:
    (root / "loans.csv").write_bytes(b"a,b\n")
    assert _digests(f"{scheme}{root}/loans.csv", root) == {f"{root}/loans.csv": _sha256(b"a,b\n")}


def test_without_roots_nothing_is_read(root: Path) -> None:
    (root / "loans.csv").touch()
    desired = load({"loans.yaml": _asset(root / "loans.csv")})
    assert with_local_data(desired, [], Digests()) is desired


def test_what_lies_outside_the_roots_is_not_read(root: Path, tmp_path: Path) -> None:
    beside = tmp_path / "data-of-others"
    beside.mkdir()
    (beside / "secret").touch()
    (root / "link").symlink_to(beside / "secret")
    (root / "folder").symlink_to(beside)
    cache = Digests()
    paths = [
        f"{beside}/secret",
        f"{root}/../data-of-others/secret",
        f"{root}/link",
        f"{root}/folder/secret",
        "/",
        beside,
    ]
    for path in paths:
        assert _digests(path, root, cache=cache) == {}
    assert cache.hashed == []


def test_a_root_may_be_reached_through_a_link_and_be_the_data_itself(root: Path, tmp_path: Path) -> None:
    (root / "loans.csv").write_bytes(b"1")
    (tmp_path / "link").symlink_to(root)
    named = f"{tmp_path}/link/loans.csv"
    assert _digests(named, tmp_path / "link") == {named: _sha256(b"1")}
    assert _digests(named, root / "loans.csv") == {named: _sha256(b"1")}


def test_what_is_not_there_or_neither_file_nor_folder_is_absent(root: Path) -> None:
    os.mkfifo(root / "pipe")
    assert _digests(root / "none.csv", root) == {}
    assert _digests(root / "pipe", root) == {}


@pytest.mark.parametrize("path", ["loans.csv", "./data/loans.csv", "https://example.org/loans.csv", "azureml:loans:1"])
def test_paths_of_the_repository_and_other_addresses_are_not_local(root: Path, path: str) -> None:
    assert _digests(path, Path("/")) == {}


def test_pipelines_name_local_data_too_but_a_text_is_data_only_where_its_input_is(root: Path) -> None:
    for name in ("input.csv", "job.csv", "literal.csv", "text.csv"):
        (root / name).write_text(name)
    pipeline = f"""
$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
type: pipeline
display_name: train
inputs:
  loans:
    type: uri_file
    path: {root}/input.csv
jobs:
  prepare:
    type: command
    component:
      $schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
      name: prepare
      type: command
      command: "true"
      environment: {{image: python}}
      inputs:
        loans: {{type: uri_file}}
        more: {{type: uri_file}}
        rest: {{type: uri_file}}
        place: {{type: string}}
    inputs:
      loans: ${{{{parent.inputs.loans}}}}
      more: {{type: uri_file, path: {root}/job.csv}}
      rest: {root}/literal.csv
      place: {root}/text.csv
"""
    desired = with_local_data(load({"train.yaml": pipeline}), [str(root)], Digests())
    assert desired.problems == ()
    assert desired.local_data == {
        f"{root}/{name}": _sha256(name.encode()) for name in ("input.csv", "job.csv", "literal.csv")
    }


_NAMES = st.sampled_from(["a", "b", "a b", "ü", "f/a", "f/b", "g/a"])
_FILES = st.dictionaries(_NAMES, st.binary(max_size=2), max_size=4)


@given(one=_FILES, other=_FILES)
def test_folders_have_the_same_digest_exactly_when_they_hold_the_same_files(
    tmp_path_factory: pytest.TempPathFactory, one: dict[str, bytes], other: dict[str, bytes]
) -> None:
    root = tmp_path_factory.mktemp("folders")
    for name, files in (("one", one), ("other", other)):
        _fill(root / name, files)
    (first,) = _digests(root / "one", root).values()
    (second,) = _digests(root / "other", root).values()
    assert (first == second) == (one == other)


def test_the_order_in_which_files_were_made_and_their_times_do_not_count(root: Path) -> None:
    _fill(root / "one", {"a": b"1", "b": b"2"})
    _fill(root / "other", {"b": b"2", "a": b"1"})
    os.utime(root / "other" / "a", (1, 1))
    assert set(_digests(root / "one", root).values()) == set(_digests(root / "other", root).values())


def test_an_unchanged_file_is_hashed_once_and_a_changed_one_again(root: Path) -> None:
    cache = Digests()
    _fill(root, {"a": b"1", "b": b"1"})
    before = _digests(root, root, cache=cache)
    assert _digests(root, root, cache=cache) == before
    assert sorted(cache.hashed) == ["a", "b"]
    (root / "b").write_bytes(b"22")
    assert _digests(root, root, cache=cache) != before
    assert sorted(cache.hashed) == ["a", "b", "b"]


def test_a_file_that_was_replaced_by_one_of_same_size_and_time_is_hashed_again(root: Path) -> None:
    cache = Digests()
    file = root / "a"
    file.write_bytes(b"1")
    os.utime(file, ns=(10**18, 10**18))
    before = _digests(file, root, cache=cache)
    (root / "new").write_bytes(b"2")
    os.utime(root / "new", ns=(10**18, 10**18))
    (root / "new").rename(file)
    assert _digests(file, root, cache=cache) != before


def test_file_names_that_are_no_text_are_content_as_well(root: Path) -> None:
    digests: set[str] = set()
    for name in (b"donn\xe9es", b"donn\xe8es"):
        file = root / os.fsdecode(name)
        file.touch()
        digests.update(_digests(root, root).values())
        file.unlink()
    assert len(digests) == 2


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
