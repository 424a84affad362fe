"""Data outside the repository: what is recorded is what was read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.model.runs import RunStatus

from .place import Place
from .repository import Repository, job


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "loans.csv").write_text("1,2")
    return folder


@pytest.fixture
def place(open_place: Callable[..., Place], data: Path) -> Place:
    return open_place(data_roots=(str(data),))


@pytest.mark.parametrize("what", ["a file", "a folder"])
def test_local_data_is_read_where_it_lies(place: Place, repository: Repository, data: Path, what: str) -> None:
    path, read = (data / "loans.csv", "") if what == "a file" else (data, "/loans.csv")
    kind = "uri_file" if what == "a file" else "uri_folder"
    command = f"cat ${{{{inputs.loans}}}}{read} > ${{{{outputs.out}}}}"
    tree = repository.commit({"read": job(command, ("out",), inputs={"loans": {"type": kind, "path": str(path)}})})
    run = place.go(tree)
    assert run.status is RunStatus.SUCCEEDED, run.error
    assert place.output(run, "read") == "1,2"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path: path.write_text("3,4"), "the data has changed since the run was planned with it"),
        (lambda path: path.unlink(), "the data cannot be read: No such file or directory"),
    ],
    ids=["changed", "gone"],
)
def test_data_that_is_not_what_was_planned_with_is_not_read(
    place: Place, repository: Repository, data: Path, change: Callable[[Path], object], message: str
) -> None:
    loans = data / "loans.csv"
    reading = job(
        "cat ${{inputs.loans}} > ${{outputs.out}}", ("out",), inputs={"loans": {"type": "uri_file", "path": str(loans)}}
    )
    planned = place.new_run(repository.commit({"read": reading}))
    change(loans)
    run = planned.go()
    assert run.status is RunStatus.FAILED
    assert f"{loans}: {message}" in run.error
    assert repository.witness.lines == []
