"""What is wrong with pipelines in pipelines, told once where it stands; and what cannot run here."""

from __future__ import annotations

import pytest

from reconciler.model.problems import Code, Pointer, Severity
from tests.manifests.documents import pipeline, sweep

from .lending import PIPELINE
from .nested import (
    ANOTHER,
    BARE,
    DATA,
    LEARN,
    RAW,
    SCORE,
    SCORING,
    Changes,
    at,
    built,
    graph_of,
    learning,
    learning_jobs,
    outer,
    problem_of,
)


class TestFaults:
    @pytest.mark.parametrize(
        ("changes", "code", "place", "message", "hint"),
        [
            (
                {PIPELINE: outer({"inputs": {"table": DATA, "sed": 7}})},
                Code.UNDECLARED_INPUT,
                (PIPELINE, ("jobs", "learn", "inputs", "sed")),
                "component `learn` has no input `sed`",
                "did you mean `seed`?",
            ),
            (
                {PIPELINE: outer({"inputs": {"table": "${{parent.inputs.row}}"}})},
                Code.UNRESOLVED_BINDING,
                (PIPELINE, ("jobs", "learn", "inputs", "table")),
                "the pipeline has no input `row`",
                "did you mean `raw`?",
            ),
            (
                {PIPELINE: outer({"inputs": {"table": "${{parent.inputs.t}}"}}, inputs={**RAW, "t": None})},
                Code.MISSING_INPUT,
                (PIPELINE, ("jobs", "learn", "inputs", "table")),
                "input `table` is bound to nothing",
                "give the pipeline's input a value",
            ),
            (
                {PIPELINE: outer({"inputs": {"table": DATA, "seed": DATA}})},
                Code.TYPE_MISMATCH,
                (PIPELINE, ("jobs", "learn", "inputs", "seed")),
                "`seed` is declared as integer, but an output of a job is bound to it",
                "bind a value of type integer",
            ),
            (
                {PIPELINE: outer({"inputs": {"table": 3}})},
                Code.TYPE_MISMATCH,
                (PIPELINE, ("jobs", "learn", "inputs", "table")),
                "`table` is declared as uri_folder, but the literal 3 is bound to it",
                "bind a value of type uri_folder",
            ),
            (
                {PIPELINE: outer({"inputs": {}})},
                Code.MISSING_INPUT,
                (PIPELINE, ("jobs", "learn", "inputs")),
                "job `learn` needs the input `table` (uri_folder)",
                "add `table: …` under its `inputs:`",
            ),
            (
                {LEARN: learning(learning_jobs(split={"inputs": {"data": "${{parent.inputs.tabel}}"}}))},
                Code.UNRESOLVED_BINDING,
                (LEARN, ("jobs", "split", "inputs", "data")),
                "component `learn` has no input `tabel`",
                "did you mean `table`?",
            ),
            (
                {LEARN: learning(learning_jobs(split={"inputs": {"data": "${{parent.inputs.table}}", "dat": 1}}))},
                Code.UNDECLARED_INPUT,
                (LEARN, ("jobs", "split", "inputs", "dat")),
                "component `azureml:split@^1.0` has no input `dat`",
                "did you mean `data`?",
            ),
            (
                {LEARN: learning(learning_jobs(train={"inputs": {"train": "${{parent.jobs.splt.outputs.train}}"}}))},
                Code.UNRESOLVED_BINDING,
                (LEARN, ("jobs", "train", "inputs", "train")),
                "there is no job `splt`",
                "did you mean `split`?",
            ),
            (
                {LEARN: learning(learning_jobs(train={"inputs": {"train": "${{parent.jobs.split.outputs.trian}}"}}))},
                Code.UNDECLARED_OUTPUT,
                (LEARN, ("jobs", "train", "inputs", "train")),
                "job `split` has no output `trian`",
                "did you mean `train`?",
            ),
            (
                {
                    "components/score.yaml": SCORING,
                    PIPELINE: outer(
                        more={"score": {**SCORE, "inputs": {"model": "${{parent.jobs.learn.outputs.modle}}"}}}
                    ),
                },
                Code.UNDECLARED_OUTPUT,
                (PIPELINE, ("jobs", "score", "inputs", "model")),
                "job `learn` has no output `modle`",
                "did you mean `model`?",
            ),
            (
                {
                    "components/score.yaml": SCORING,
                    LEARN: learning(learning_jobs(train={"outputs": {}})),
                    PIPELINE: outer(more={"score": SCORE}),
                },
                Code.UNDECLARED_OUTPUT,
                (PIPELINE, ("jobs", "score", "inputs", "model")),
                "no job of `learn` writes its output `model`",
                "bind an output of one of its jobs to `${{parent.outputs.model}}`",
            ),
            (
                {LEARN: learning(learning_jobs(split={"component": "azureml:splt@^1.0"}))},
                Code.UNRESOLVED_REFERENCE,
                (LEARN, ("jobs", "split", "component")),
                "there is no component `splt`",
                "did you mean `split`?",
            ),
            (
                {PIPELINE: outer({"component": "../components/laern.yaml"})},
                Code.UNRESOLVED_REFERENCE,
                (PIPELINE, ("jobs", "learn", "component")),
                "there is no file `components/laern.yaml`",
                f"did you mean `{LEARN}`?",
            ),
            (
                {PIPELINE: outer({"component": ..., **sweep(trial=f"../{LEARN}")})},
                Code.UNRESOLVED_REFERENCE,
                (PIPELINE, ("jobs", "learn", "trial")),
                "`learn` is a pipeline, which cannot be swept",
                "name a command component",
            ),
            (
                {PIPELINE: pipeline(..., component="azureml:split@^1.0")},
                Code.UNRESOLVED_REFERENCE,
                (PIPELINE, ("component",)),
                "`split` is a command component, which cannot stand for a whole pipeline",
                "give the pipeline `jobs:`, or name a pipeline component",
            ),
        ],
    )
    def test_each_is_told_once_in_the_file_where_it_stands(
        self, changes: Changes, code: Code, place: tuple[str, Pointer], message: str, hint: str
    ) -> None:
        problem = problem_of(changes)
        assert (problem.code, problem.message, problem.hint) == (code, message, hint)
        assert at(problem) == place

    def test_a_component_that_holds_itself_is_told_and_ends(self) -> None:
        jobs = learning_jobs(again={"component": "./learn.yaml", "inputs": {"table": "${{parent.inputs.table}}"}})
        problem = problem_of({LEARN: learning(jobs)})
        assert (problem.code, problem.message) == (Code.CYCLE, "`learn` holds itself")
        assert at(problem) == (LEARN, ("jobs", "again", "component"))

    def test_two_components_that_hold_each_other_are_told_and_end(self) -> None:
        inputs = {"table": "${{parent.inputs.table}}"}
        one = learning({"other": {"component": "./another.yaml", "inputs": inputs}}, outputs={})
        other = learning({"learn": {"component": "./learn.yaml", "inputs": inputs}}, name="another", outputs={})
        problem = problem_of({LEARN: one, ANOTHER: other})
        assert (problem.code, problem.message) == (Code.CYCLE, "`learn` holds itself")
        assert at(problem) == (ANOTHER, ("jobs", "learn", "component"))

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("environment", "azureml:sklearn@latest"),
            ("environment_variables", {"THREADS": 2}),
            ("limits", {"timeout": 60}),
            ("resources", {"memory": "4Gi"}),
            ("distribution", {"type": "pytorch"}),
            ("retry_settings", {"max_retries": 2}),
            ("is_deterministic", False),
        ],
    )
    def test_what_a_node_of_many_steps_cannot_have_is_told_to_have_no_effect(self, key: str, value: object) -> None:
        (graph,), (problem,) = built({PIPELINE: outer({key: value})})
        assert (problem.code, problem.severity) == (Code.NO_EFFECT, Severity.WARNING)
        assert problem.message == f"`{key}` has no effect on a nested pipeline"
        assert at(problem) == (PIPELINE, ("jobs", "learn", key))
        assert len(graph.steps) == 3

    def test_a_file_for_a_folder_is_only_a_warning(self) -> None:
        inputs = {"table": {"type": "uri_file", "path": "../data/loans.csv"}}
        graphs, problems = built({PIPELINE: outer({"inputs": inputs})})
        assert len(graphs) == 1
        assert [(problem.code, problem.severity) for problem in problems] == [(Code.TYPE_MISMATCH, Severity.WARNING)]


SPARK: dict[str, object] = {"type": "spark", "code": "./src", "entry": {"file": "a.py"}}


class TestWhatIsNotSupported:
    def test_a_node_inside_a_nested_pipeline_stops_what_comes_after_it_alone(self) -> None:
        jobs = learning_jobs(count=SPARK, report={**BARE, "depends_on": ["count"]})
        graph = graph_of({LEARN: learning(jobs)})
        assert [step.name for step in graph.steps] == ["prepare", "learn.split", "learn.train"]
        assert graph.unsupported == (("learn.count", "spark jobs are not supported"),)

    def test_what_reads_from_it_through_its_node_is_left_out_as_well(self) -> None:
        jobs = {**learning_jobs(), "train": {**SPARK, "outputs": {"model": "${{parent.outputs.model}}"}}}
        changes: Changes = {
            "components/score.yaml": SCORING,
            LEARN: learning(jobs),
            PIPELINE: outer(more={"score": SCORE}),
        }
        graph = graph_of(changes)
        assert [step.name for step in graph.steps] == ["prepare", "learn.split"]
        assert [name for name, _ in graph.unsupported] == ["learn.train"]

    def test_a_file_of_a_kind_that_is_not_supported_is_a_warning_where_it_is_named(self) -> None:
        spark = "$schema: https://azuremlschemas.azureedge.net/latest/sparkComponent.schema.json\nname: count\n"
        jobs = learning_jobs(count={"component": "./count.yaml"})
        (graph,), (problem,) = built({"components/count.yaml": spark, LEARN: learning(jobs)})
        assert (problem.code, problem.severity) == (Code.UNSUPPORTED_KIND, Severity.WARNING)
        assert problem.message == "spark components are not supported: `components/count.yaml`"
        assert at(problem) == (LEARN, ("jobs", "count", "component"))
        assert [step.name for step in graph.steps] == ["prepare", "learn.split", "learn.train"]
        assert [name for name, _ in graph.unsupported] == ["learn.count"]
