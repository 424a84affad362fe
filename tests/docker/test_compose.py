"""compose.yaml for real: an MLflow server and a daemon whose steps are containers beside the two."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.daemon.daemon_process import until
from tests.daemon.origin import Origin

from .composed import Composed, compose_command
from .contained_daemon import USER, Client
from .engine import SMALL
from .own_engine import may_start_engines

pytestmark = [
    pytest.mark.timeout(2400),  # the first time, the packages of the image are fetched
    pytest.mark.skipif(not may_start_engines(), reason="only root can give the state to the user of the image"),
]
# The second step reads what the first one wrote, and reaches the MLflow server by the address that it is given.
PIPELINE = f"""\
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
    command: (cat ${{{{inputs.before}}}}; wget -q -O - $MLFLOW_TRACKING_URI/health) > ${{{{outputs.text}}}}
    environment: {{image: '{SMALL}'}}
    inputs: {{before: {{type: uri_file, path: '${{{{parent.jobs.make.outputs.text}}}}'}}}}
    outputs: {{text: {{type: uri_file}}}}
"""


@pytest.fixture(scope="module")
def client(host: str) -> Client:
    """An engine that has the image."""
    compose_command()
    client = Client(host)
    client.build()
    return client


def test_it_comes_up_healthy_runs_a_pipeline_that_mlflow_has_and_leaves_nothing(client: Client, tmp_path: Path) -> None:
    origin = Origin(tmp_path / "git")
    origin.push({"pipeline.yaml": PIPELINE})
    with Composed(client, tmp_path, origin.url) as composed:
        composed.up()
        for service in ("mlflow", "daemon"):
            container = composed.container(service)
            assert container["State"]["Health"]["Status"] == "healthy"
            assert container["Config"]["User"] == f"{USER}:{USER}"
            assert container["HostConfig"]["ReadonlyRootfs"] is True
        until(lambda: [run["status"] for run in composed.verb("runs")] == ["succeeded"], 120)

        (run,) = composed.verb("runs")
        assert [step["status"] for step in run["steps"]] == ["succeeded", "succeeded"]
        written = [path.read_text() for path in (composed.state / "outputs").rglob("*") if path.is_file()]
        assert sorted(written) == ["one\n", "one\nOK"]

        root = composed.mlflow("runs/search", experiment_ids=["1"], filter="attributes.status = 'FINISHED'")
        assert run["mlflow_run_id"] in [each["info"]["run_id"] for each in root["runs"]]

        composed.down()
        assert composed.left_over() == []
        composed.up()
        assert composed.verb("runs") == [run]
