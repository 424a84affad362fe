"""Data at URLs: a step gets what was planned with, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.model.runs import RunStatus
from tests.source.web import Web, serving_pages

from .place import Place
from .repository import Document, Repository, job


@pytest.fixture
def web() -> Iterator[Web]:
    with serving_pages() as web:
        yield web


def _reading(path: str) -> Document:
    inputs: dict[str, Any] = {"loans": {"type": "uri_file", "path": path}}
    return job(
        "basename ${{inputs.loans}} > ${{outputs.out}}; cat ${{inputs.loans}} >> ${{outputs.out}}",
        ("out",),
        inputs=inputs,
    )


@pytest.mark.parametrize("tag", [None, ""], ids=["ETag", "no ETag"])
def test_a_file_at_a_url_is_read_and_what_stays_the_same_is_reused(
    place: Place, repository: Repository, web: Web, tag: str | None
) -> None:
    url = web.put("loans.csv", b"1,2", tag=tag)
    tree = repository.commit({"read": _reading(url)})
    run = place.go(tree)
    assert run.status is RunStatus.SUCCEEDED, run.error
    assert place.output(run, "read") == "loans.csv\n1,2"
    place.remote_data.forget()
    assert place.statuses(place.go(tree)) == {"read": "reused"}
    web.put("loans.csv", b"3,4", tag=tag)
    place.remote_data.forget()
    assert place.output(place.go(tree), "read") == "loans.csv\n3,4"


def test_a_datastore_stands_for_a_url(place: Place, repository: Repository, web: Web) -> None:
    web.put("raw/loans.csv", b"1,2")
    tree = repository.commit(
        {"read": _reading("azureml://datastores/blob/paths/loans.csv")},
        {"reconciler.yaml": f"datastores: {{blob: {web.url('raw')}}}\n"},
    )
    run = place.go(tree)
    assert run.status is RunStatus.SUCCEEDED, run.error
    assert place.output(run, "read") == "loans.csv\n1,2"


def test_data_that_is_not_what_was_planned_with_is_not_read(place: Place, repository: Repository, web: Web) -> None:
    url = web.put("loans.csv", b"1,2")
    planned = place.new_run(repository.commit({"read": _reading(url)}))
    web.put("loans.csv", b"3,4")
    run = planned.go()
    assert run.status is RunStatus.FAILED
    assert f"{url}: the data has changed since the run was planned with it" in run.error
    assert repository.witness.lines == []


def test_a_store_that_went_away_fails_the_step_with_the_reason(place: Place, repository: Repository, web: Web) -> None:
    url = web.put("loans.csv", b"1,2")
    planned = place.new_run(repository.commit({"read": _reading(url)}))
    web.put("loans.csv", b"", status=503)
    run = planned.go()
    assert f"`{url}` cannot be looked up: 503 Service Unavailable" in run.error


def test_a_table_is_a_folder(place: Place, repository: Repository) -> None:
    reading = job(
        "cat ${{inputs.loans}}/MLTable ${{inputs.loans}}/a.csv > ${{outputs.out}}",
        ("out",),
        inputs={"loans": {"type": "mltable", "path": "./loans"}},
    )
    tree = repository.commit({"read": reading}, {"loans/MLTable": "paths: [{file: ./a.csv}]\n", "loans/a.csv": "1,2"})
    run = place.go(tree)
    assert run.status is RunStatus.SUCCEEDED, run.error
    assert place.output(run, "read") == "paths: [{file: ./a.csv}]\n1,2"
