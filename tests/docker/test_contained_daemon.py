"""The daemon in a container of its own: its steps are containers beside it, on the same engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.daemon_process import until
from tests.daemon.origin import Origin

from .contained_daemon import IMAGE, USER, Client, ContainedDaemon
from .engine import SMALL
from .own_engine import may_start_engines
from .served import held_up

pytestmark = [
    pytest.mark.timeout(2400),  # the first time, the packages of the image are fetched
    pytest.mark.skipif(not may_start_engines(), reason="only root can give the state to the user of the image"),
]
TWO_STEPS = f"""\
type: pipeline
name: loans
jobs:
  make:
    type: command
    command: echo one > ${{{{outputs.text}}}}
    environment: {{image: '{SMALL}'}}
    outputs: {{text: {{type: uri_file}}}}
  use:
    type: command
    command: cat ${{{{inputs.before}}}} > ${{{{outputs.text}}}}; id -u >> ${{{{outputs.text}}}}
    environment: {{image: '{SMALL}'}}
    inputs: {{before: {{type: uri_file, path: '${{{{parent.jobs.make.outputs.text}}}}'}}}}
    outputs: {{text: {{type: uri_file}}}}
"""


@pytest.fixture(scope="module")
def client(host: str) -> Client:
    """An engine that has the image."""
    client = Client(host)
    client.build()
    return client


@pytest.fixture
def socket(host: str) -> Path:
    return Path(host.removeprefix("unix://"))


@pytest.fixture
def origin(tmp_path: Path) -> Iterator[Origin]:
    yield Origin(tmp_path / "git")


def test_the_image_says_what_it_is_and_is_nobodys_root(client: Client) -> None:
    config = client.inspect(IMAGE)["Config"]
    assert config["User"] == f"{USER}:{USER}"
    assert (
        config["Labels"].items()
        >= {
            "org.opencontainers.image.title": "reconciler",
            "org.opencontainers.image.licenses": "Apache-2.0",
            "org.opencontainers.image.revision": "c0ffee",
        }.items()
    )
    assert config["Healthcheck"]["Test"][0] == "CMD-SHELL"
    assert config["Entrypoint"] == ["reconciler"]


def test_steps_run_beside_it_with_what_the_ones_before_have_written(
    client: Client, socket: Path, tmp_path: Path, origin: Origin
) -> None:
    origin.push({"pipeline.yaml": TWO_STEPS})
    with ContainedDaemon(client, socket, tmp_path, origin.url) as daemon:
        daemon.until_said("loans-1 succeeded")
        (run,) = daemon.verb("runs")
        assert [step["status"] for step in run["steps"]] == ["succeeded", "succeeded"]
        written = [path.read_text() for path in (daemon.state / "outputs").rglob("*") if path.is_file()]
        assert sorted(written) == ["one\n", f"one\n{USER}\n"]
        until(lambda: daemon.health() == "healthy", 30)
        assert daemon.stop() == 0


def test_a_step_outlives_the_container_of_the_daemon_and_is_followed_from_the_next_one(
    client: Client, socket: Path, tmp_path: Path, origin: Origin
) -> None:
    origin.push(held_up())
    with ContainedDaemon(client, socket, tmp_path, origin.url) as daemon:
        folder = daemon.state / "work" / "loans-1" / "train"
        until((folder / "begun").exists, 90)
    with ContainedDaemon(client, socket, tmp_path, origin.url) as daemon:
        daemon.until_said("taking up loans-1 again")
        (folder / "go").touch()
        daemon.until_said("loans-1 succeeded")
        written = [path.read_text() for path in (daemon.state / "outputs").rglob("*") if path.is_file()]
    assert written == ["1\n"]
