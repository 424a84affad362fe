"""Pipelines that read what other pipelines register."""

from __future__ import annotations

from reconciler.model.runs import RunStatus

from .following import Following
from .origin import Origin

MAKES = """\
type: pipeline
name: makes
jobs:
  make:
    command: printf '{text}' > ${{{{outputs.rows}}}}
    environment: {{conda_file: {{dependencies: [python=3.11]}}}}
    outputs:
      rows: {{type: uri_file, name: rows}}
"""
READS = """\
type: pipeline
name: reads
jobs:
  read:
    command: cat ${{inputs.rows}} > ${{outputs.copy}}
    environment: {conda_file: {dependencies: [python=3.11]}}
    inputs:
      rows: {type: uri_file, path: azureml:rows@latest}
    outputs:
      copy: {type: uri_file}
"""


def test_a_pipeline_waits_for_data_that_another_registers_and_runs_once_they_are_there(
    following: Following, origin: Origin
) -> None:
    origin.push({"makes.yaml": MAKES.format(text="1"), "reads.yaml": READS})
    outcome = following.follower.reconcile("push")
    assert outcome.is_good
    assert outcome.started == ("makes",)
    assert following.reason("pipeline/reads") == (
        "Waiting",
        "job read: waits for data `rows`, which pipeline `makes` registers",
    )
    following.follower.wait()
    assert following.follower.reconcile("run ended").started == ("reads",)
    following.follower.wait()
    assert [(run.pipeline, run.status) for run in following.runs] == [
        ("makes", RunStatus.SUCCEEDED),
        ("reads", RunStatus.SUCCEEDED),
    ]


def test_a_new_version_has_the_pipelines_run_that_read_the_latest(following: Following, origin: Origin) -> None:
    origin.push({"makes.yaml": MAKES.format(text="1"), "reads.yaml": READS})
    following.turn()
    following.turn("run ended")
    origin.push({"makes.yaml": MAKES.format(text="2")})
    following.turn()
    following.turn("run ended")
    assert [run.pipeline for run in following.runs] == ["makes", "reads", "makes", "reads"]
    reads = following.site.state.runs.steps(following.runs[-1].id)[0]
    assert following.site.state.outputs.path(reads.outputs["copy"]).read_text() == "2"


def test_a_model_that_another_registers_is_read_likewise(following: Following, origin: Origin) -> None:
    makes = MAKES.format(text="1").replace("uri_file", "custom_model").replace("outputs.rows}}", "outputs.rows}}/m")
    reads = READS.replace("{type: uri_file, path: azureml:", "{type: custom_model, path: azureml:")
    origin.push({"makes.yaml": makes, "reads.yaml": reads.replace("inputs.rows}}", "inputs.rows}}/m")})
    following.turn()
    following.turn("run ended")
    assert [(run.pipeline, run.status) for run in following.runs] == [
        ("makes", RunStatus.SUCCEEDED),
        ("reads", RunStatus.SUCCEEDED),
    ]


def test_what_nobody_registers_is_refused(following: Following, origin: Origin) -> None:
    origin.push({"reads.yaml": READS})
    outcome = following.turn()
    assert "there is no data `rows`" in outcome.error
