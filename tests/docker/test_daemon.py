"""A daemon whose steps are containers, followed by a person who pushes, looks and ends."""

from __future__ import annotations

import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from reconciler.containers.connection import Connection, explained
from reconciler.model.errors import EngineError
from tests.daemon.daemon_process import until

from .engine import SMALL
from .served import Served, held_up, statuses, two_environments


@pytest.fixture
def served(tmp_path: Path, host: str) -> Iterator[Served]:
    served = Served(tmp_path, host)
    yield served
    served.close()


def has_ended(served: Served, count: int) -> bool:
    runs = served.runs()
    return len(runs) == count and all(run["status"] != "running" for run in runs)


def test_a_changed_dockerfile_builds_one_image_and_runs_only_the_steps_that_use_it(served: Served) -> None:
    unique = uuid.uuid4().hex
    served.origin.push(two_environments(f"echo first {unique}", f"echo second {unique}"))
    with served.daemon():
        until(lambda: has_ended(served, 1), 60)
        assert statuses(served.runs()[0]) == {"make": "succeeded", "use": "succeeded", "alone": "succeeded"}
        before = served.images()
        assert len(before) == 2

        served.origin.push({"second/Dockerfile": two_environments("", f"echo third {unique}")["second/Dockerfile"]})
        until(lambda: has_ended(served, 2), 60)
        run = served.runs()[1]
        assert statuses(run) == {"make": "reused", "use": "succeeded", "alone": "succeeded"}
        assert "environment second changed" in str(run["steps"][1]["reasons"])
        assert len(served.images() - before) == 1
        until(lambda: served.condition("environment", "second")[0] == "Built")


def test_a_daemon_that_is_killed_while_a_container_trains_takes_its_result_when_it_is_back(served: Served) -> None:
    served.origin.push(held_up())
    with served.daemon() as daemon:
        folder = served.step_folder("loans-1", "train")
        until((folder / "begun").exists, 60)
        containers = served.containers()
        daemon.end(signal.SIGKILL)
    assert len(containers) == 1
    with served.daemon() as daemon:
        daemon.until_said("taking up loans-1 again")
        assert served.containers() == containers
        begun = (folder / "begun").read_text()
        (folder / "go").touch()
        until(lambda: has_ended(served, 1), 30)
    assert statuses(served.runs()[0]) == {"train": "succeeded"}
    assert len(begun.splitlines()) == 1
    until(lambda: served.containers() == [])


def test_a_step_that_ends_while_no_daemon_runs_is_collected_and_not_run_again(served: Served) -> None:
    served.origin.push(held_up())
    with served.daemon() as daemon:
        folder = served.step_folder("loans-1", "train")
        until((folder / "begun").exists, 60)
        daemon.end(signal.SIGKILL)
    (folder / "go").touch()
    until((folder / "exit").exists)
    with served.daemon():
        until(lambda: has_ended(served, 1), 30)
    assert statuses(served.runs()[0]) == {"train": "succeeded"}


def test_cancel_ends_the_container_within_ten_seconds(served: Served) -> None:
    served.origin.push(held_up(command="trap '' TERM; "))
    with served.daemon():
        until((served.step_folder("loans-1", "train") / "begun").exists, 60)
        begun = time.monotonic()
        assert "cancelled" in served.program("cancel", "loans")
        assert time.monotonic() - begun < 10
        until(lambda: served.containers() == [])
    assert statuses(served.runs()[0]) == {"train": "cancelled"}


def test_cancel_ends_the_container_where_no_daemon_runs(served: Served) -> None:
    served.origin.push(held_up())
    with served.daemon() as daemon:
        until((served.step_folder("loans-1", "train") / "begun").exists, 60)
        daemon.end(signal.SIGKILL)
    assert "cancelled" in served.program("cancel", "loans-1")
    assert served.containers() == []


def test_a_newer_revision_ends_the_run_where_the_pipeline_says_so(served: Served) -> None:
    served.origin.push(held_up(more="on_new_revision: cancel\n"))
    with served.daemon():
        until((served.step_folder("loans-1", "train") / "begun").exists, 60)
        served.origin.push(held_up(more="on_new_revision: cancel\n", command="echo newer; "))
        until((served.step_folder("loans-2", "train") / "begun").exists, 30)
        first = served.runs()[0]
        assert first["status"] == "cancelled"
        assert "superseded by main@sha1:" in first["error"]
        (served.step_folder("loans-2", "train") / "go").touch()
        until(lambda: has_ended(served, 2), 30)
    assert served.runs()[1]["status"] == "succeeded"


def test_a_failed_build_stalls_the_environment_and_runs_the_steps_that_do_not_need_it(served: Served) -> None:
    served.origin.push(two_environments(first="echo no such package; exit 9"))
    with served.daemon():
        until(lambda: has_ended(served, 1), 60)
        assert statuses(served.runs()[0]) == {"make": "failed", "use": "skipped", "alone": "succeeded"}
        assert served.runs()[0]["steps"][0]["failure"] == "environment"
        until(lambda: served.condition("environment", "first")[0] == "BuildFailed")
        message = served.condition("environment", "first")[1]
        assert "`RUN echo no such package; exit 9 > /made`" in message.splitlines()[0]
        assert "no such package" in message
        assert "no such package" in served.program("logs", "environment", "first")


def test_a_daemon_that_is_stopped_during_a_build_ends_at_once_and_the_next_one_takes_what_was_built(
    served: Served,
) -> None:
    unique = uuid.uuid4().hex
    served.origin.push(two_environments(f"echo {unique}; sleep 6; echo first", f"echo second {unique}"))
    with served.daemon() as daemon:
        until(lambda: served.condition("environment", "first")[0] == "Building", 30)
        begun = time.monotonic()
        daemon.end(signal.SIGTERM)
        assert time.monotonic() - begun < 5
    with served.daemon():
        until(lambda: has_ended(served, 1), 60)
    assert statuses(served.runs()[0]) == {"make": "succeeded", "use": "succeeded", "alone": "succeeded"}


def test_an_image_that_was_deleted_behind_our_back_is_built_again(served: Served, connection: Connection) -> None:
    served.origin.push(two_environments(f"echo {uuid.uuid4().hex}", f"echo {uuid.uuid4().hex}"))
    with served.daemon() as daemon:
        until(lambda: has_ended(served, 1), 60)
        before = served.images()
        deleted = min(before)
        connection.api.remove_image(deleted, force=True)
        served.program("reconcile")
        until(lambda: len(served.images()) == 2, 30)
        assert "is gone, and is built again" in daemon.said
        until(lambda: served.condition("environment", "first")[0] == "Built")
    assert len(served.runs()) == 1


def test_gc_removes_the_image_that_neither_a_manifest_nor_a_kept_run_needs(served: Served) -> None:
    unique = uuid.uuid4().hex
    served.origin.push(two_environments(f"echo first {unique}", f"echo second {unique}"))
    with served.daemon():
        until(lambda: has_ended(served, 1), 60)
        before = served.images()
        served.origin.push({"second/Dockerfile": two_environments("", f"echo third {unique}")["second/Dockerfile"]})
        until(lambda: has_ended(served, 2), 60)
        assert len(served.images()) == 3
        kept = served.data("gc", "--keep-runs", "2", "--dry-run")
        assert [each for each in kept if each["name"].startswith("reconciler/second:")] == []
        shown = served.data("gc", "--dry-run")
        assert len(served.images()) == 3
        removed = served.data("gc")
        assert [each["name"] for each in removed] == [each["name"] for each in shown]
        assert sum(each["name"].startswith("reconciler/second:") for each in removed) == 1
        assert len(served.images() & before) == 1
        assert len(served.images()) == 2


def test_names_of_images_mean_what_they_meant_until_somebody_has_them_resolved_anew(
    served: Served, connection: Connection
) -> None:
    name = f"reconciler-test/moving:{uuid.uuid4().hex[:8]}"
    repository, _, tag = name.rpartition(":")
    first, second = (_made(connection, text) for text in ("one", "two"))
    connection.api.tag(first, repository, tag)
    served.origin.push({"pipeline.yaml": _SHOW.format(image=name)})
    try:
        with served.daemon():
            until(lambda: has_ended(served, 1), 60)
            connection.api.tag(second, repository, tag, force=True)
            served.program("reconcile")
            served.origin.push({"README.md": "nothing that matters"})
            served.program("reconcile")
            assert len(served.runs()) == 1
            served.program("reconcile", "--refresh-images", "--wait")
            assert statuses(served.runs()[1]) == {"show": "succeeded"}
    finally:
        for image in (name, first, second):
            with suppress(EngineError), explained(image):
                connection.api.remove_image(image, force=True)


_SHOW = """\
type: pipeline
name: loans
jobs:
  show:
    type: command
    command: cat /made > ${{{{outputs.text}}}}
    environment: {{image: '{image}'}}
    outputs: {{text: {{type: uri_file}}}}
"""


def _made(connection: Connection, text: str) -> str:
    """An image that holds a text."""
    made = connection.api.create_container(SMALL, ["sh", "-c", f"echo {text} > /made"], network_disabled=True)
    connection.api.start(made["Id"])
    connection.api.wait(made["Id"])
    image: str = connection.api.commit(made["Id"])["Id"]
    connection.api.remove_container(made["Id"])
    return image
