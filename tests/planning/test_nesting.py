"""Pipelines in pipelines: what their nodes become, in which order, and what flows through them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.pipelines import JobOutput
from reconciler.model.problems import Code
from reconciler.model.steps import Graph, StepSource
from tests.manifests.documents import pipeline, sweep

from .history import Content
from .lending import PIPELINE, SPLIT, split
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
    literals,
    outer,
    problem_of,
    step_of,
)


class TestNames:
    def test_the_jobs_of_a_nested_pipeline_become_steps_named_after_their_node(self) -> None:
        graph = graph_of()
        assert [(step.name, step.after) for step in graph.steps] == [
            ("prepare", ()),
            ("learn.split", ("prepare",)),
            ("learn.train", ("learn.split",)),
        ]
        assert graph.nested == ("learn",)

    def test_two_levels_have_two_names_before_the_last(self) -> None:
        graph = graph_of(TWO_LEVELS)
        assert [step.name for step in graph.steps] == ["prepare", "study.learn.split", "study.learn.train"]
        assert graph.nested == ("study", "study.learn")

    def test_a_component_may_stand_twice_in_one_pipeline(self) -> None:
        again = {"type": "pipeline", "component": f"../{LEARN}", "inputs": {"table": DATA, "seed": 7}}
        graph = graph_of({PIPELINE: outer(more={"again": again})})
        assert {step.name for step in graph.steps} == {
            "prepare", "learn.split", "learn.train", "again.split", "again.train",
        }  # fmt: skip
        assert (literals(graph, "learn.split"), literals(graph, "again.split")) == ({"seed": 42}, {"seed": 7})

    def test_a_pipeline_that_only_names_a_component_has_its_jobs_as_they_are(self) -> None:
        only = pipeline(..., component=f"../{LEARN}", inputs={"table": {"type": "uri_folder", "path": "../data"}})
        graph = graph_of({PIPELINE: only})
        assert [step.name for step in graph.steps] == ["split", "train"]
        assert graph.nested == ()

    def test_a_node_is_named_by_reference_too(self) -> None:
        named = graph_of({PIPELINE: outer({"component": "azureml:learn@^1.0"})})
        assert named.closure == graph_of().closure

    def test_a_node_may_hold_its_jobs(self) -> None:
        jobs = learning_jobs(train={"component": "../components/train/component.yaml"})
        inline = {
            "inputs": {"table": DATA, "seed": 42, "rate": None},
            "outputs": {"model": {"type": "mlflow_model"}},
            "jobs": jobs,
        }
        graph, flat = graph_of({PIPELINE: outer({"component": ..., **inline})}), graph_of()
        assert [step.name for step in graph.steps] == [step.name for step in flat.steps]
        assert graph.closure == flat.closure

    def test_a_job_that_writes_its_type_is_the_same_as_one_that_leaves_it_to_its_component(self) -> None:
        assert graph_of({PIPELINE: outer({"type": "command"})}).closure == graph_of().closure


TWO_LEVELS: Changes = {
    ANOTHER: learning(
        {
            "learn": {
                "type": "pipeline",
                "component": "./learn.yaml",
                "inputs": {"table": "${{parent.inputs.table}}", "seed": "${{parent.inputs.seed}}"},
                "outputs": {"model": "${{parent.outputs.model}}"},
            }
        },
        name="another",
    ),
    PIPELINE: pipeline(
        {
            "prepare": {"component": "azureml:prepare@latest", "inputs": {"raw": "${{parent.inputs.raw}}"}},
            "study": {"type": "pipeline", "component": f"../{ANOTHER}", "inputs": {"table": DATA, "seed": "7"}},
        },
        version="1.0.0",
        inputs=RAW,
    ),
}


class TestValues:
    def test_an_input_that_is_not_given_has_the_default_of_the_nested_pipeline(self) -> None:
        assert literals(graph_of(), "learn.split") == {"seed": 42}

    def test_an_input_of_the_pipeline_that_has_no_value_leaves_the_default(self) -> None:
        given = {"table": DATA, "seed": "${{parent.inputs.seed}}", "rate": "${{parent.inputs.rate}}"}
        graph = graph_of({PIPELINE: outer({"inputs": given}, inputs={**RAW, "seed": None, "rate": None})})
        assert literals(graph, "learn.split") == {"seed": 42}
        assert literals(graph, "learn.train") == {}

    def test_an_optional_input_that_is_not_given_stays_unset(self) -> None:
        assert literals(graph_of(), "learn.train") == {}

    @pytest.mark.parametrize("written", [7, "7", 7.0])
    def test_a_literal_becomes_what_the_nested_pipeline_declares(self, written: object) -> None:
        graph = graph_of({PIPELINE: outer({"inputs": {"table": DATA, "seed": written, "rate": "0.5"}})})
        assert literals(graph, "learn.split") == {"seed": 7}
        assert repr(literals(graph, "learn.train")) == "{'rate': 0.5}"

    def test_a_literal_passes_two_levels(self) -> None:
        assert literals(graph_of(TWO_LEVELS), "study.learn.split") == {"seed": 7}

    @pytest.mark.parametrize(
        ("seed", "message"),
        [
            ("many", "`seed` is declared as integer, 'many' is none"),
            (1.5, "`seed` is declared as integer, 1.5 is none"),
            (-1, "`seed` is -1, less than its minimum 0"),
        ],
    )
    def test_a_literal_that_the_nested_pipeline_does_not_take_is_told_where_it_is_given(
        self, seed: object, message: str
    ) -> None:
        problem = problem_of({PIPELINE: outer({"inputs": {"table": DATA, "seed": seed}})})
        assert (problem.code, problem.message) == (Code.INVALID_VALUE, message)
        assert at(problem) == (PIPELINE, ("jobs", "learn", "inputs", "seed"))

    def test_an_input_of_the_pipeline_is_checked_by_the_nested_one_too(self) -> None:
        changes = outer({"inputs": {"table": DATA, "seed": "${{parent.inputs.seed}}"}}, inputs={**RAW, "seed": -1})
        problem = problem_of({PIPELINE: changes})
        assert problem.message == "`seed` is -1, less than its minimum 0"
        assert at(problem) == (PIPELINE, ("jobs", "learn", "inputs", "seed"))

    def test_an_input_may_stand_inside_a_text_of_a_nested_job(self) -> None:
        component = split(inputs={"data": {"type": "uri_folder"}, "seed": {"type": "string"}})
        inputs = {"data": "${{parent.inputs.table}}", "seed": "run-${{parent.inputs.seed}}-${{ parent.inputs.rate }}"}
        changes: Changes = {SPLIT: component, LEARN: learning(learning_jobs(split={"inputs": inputs}))}
        graph = graph_of({**changes, PIPELINE: outer({"inputs": {"table": DATA, "rate": 0.5}})})
        assert literals(graph, "learn.split") == {"seed": "run-42-0.5"}
        through = outer({"inputs": {"table": DATA, "rate": "${{parent.inputs.rate}}"}}, inputs={**RAW, "rate": 0.25})
        assert literals(graph_of({**changes, PIPELINE: through}), "learn.split") == {"seed": "run-42-0.25"}

    def test_only_a_literal_can_stand_inside_a_text(self) -> None:
        inputs = {"data": "${{parent.inputs.table}}", "seed": "run-${{parent.inputs.table}}"}
        component = split(inputs={"data": {"type": "uri_folder"}, "seed": {"type": "string"}})
        problem = problem_of({SPLIT: component, LEARN: learning(learning_jobs(split={"inputs": inputs}))})
        assert (problem.code, problem.message) == (
            Code.UNRESOLVED_BINDING,
            "`${{parent.inputs.table}}` cannot be filled in",
        )
        assert at(problem) == (LEARN, ("jobs", "split", "inputs", "seed"))

    def test_a_path_that_is_given_to_a_nested_pipeline_starts_at_the_file_that_gives_it(self) -> None:
        changes: Changes = {"data/table/a.csv": "1", PIPELINE: outer({"inputs": {"table": "../data/table"}})}
        ((_, source),) = step_of(graph_of(changes), "learn.split").sources
        assert not isinstance(source, StepSource)
        assert (source.path, source.file, source.type) == ("data/table", PIPELINE, "uri_folder")

    def test_a_path_that_a_nested_pipeline_writes_itself_starts_at_its_own_file(self) -> None:
        inputs = {"data": {"type": "uri_folder", "path": "./table"}}
        changes: Changes = {"components/table/a.csv": "1", LEARN: learning(learning_jobs(split={"inputs": inputs}))}
        ((_, source),) = step_of(graph_of(changes), "learn.split").sources
        assert not isinstance(source, StepSource)
        assert (source.path, source.file) == ("components/table", LEARN)

    def test_data_of_the_pipeline_reach_a_nested_job(self) -> None:
        inputs = {"table": {"type": "uri_folder", "path": "azureml:tables@latest"}}
        tables: Content = "name: tables\ntype: uri_folder\npath: table\n"
        changes: Changes = {
            "data/tables.yaml": tables,
            "data/table/a.csv": "1",
            PIPELINE: outer({"inputs": {"table": "${{parent.inputs.table}}"}}, inputs={**RAW, **inputs}),
        }
        ((_, source),) = step_of(graph_of(changes), "learn.split").sources
        assert not isinstance(source, StepSource)
        assert (source.label, source.path) == ("tables", "data/table")

    def test_a_nested_sweep_takes_what_is_swept_from_no_one(self) -> None:
        space = {"rate": {"type": "choice", "values": [0.1, 0.2]}}
        inputs = {"train": "${{parent.jobs.split.outputs.train}}"}
        swept = sweep(trial="train/component.yaml", inputs=inputs, search_space=space)
        jobs = {**learning_jobs(), "train": {**swept, "outputs": {"model": "${{parent.outputs.model}}"}}}
        graph = graph_of({LEARN: learning(jobs)})
        assert [(step.name, step.kind) for step in graph.steps][-1] == ("learn.train", "sweep")


class TestOutputs:
    def test_an_output_of_a_node_is_that_of_the_job_that_writes_it(self) -> None:
        graph = graph_of({"components/score.yaml": SCORING, PIPELINE: outer(more={"score": SCORE})})
        assert step_of(graph, "score").sources == (("model", StepSource("learn.train", "model")),)
        assert step_of(graph, "score").after == ("learn.train",)

    def test_an_output_passes_two_levels(self) -> None:
        score = {**SCORE, "inputs": {"model": "${{parent.jobs.study.outputs.model}}"}}
        written = dict(TWO_LEVELS[PIPELINE] or {})  # type: ignore[arg-type]
        written["jobs"] = {**written["jobs"], "score": score}  # type: ignore[dict-item]
        graph = graph_of({**TWO_LEVELS, "components/score.yaml": SCORING, PIPELINE: written})
        assert step_of(graph, "score").sources == (("model", StepSource("study.learn.train", "model")),)

    def test_one_nested_pipeline_reads_what_another_wrote(self) -> None:
        pieces = learning({"split": learning_jobs()["split"]}, name="pieces", outputs={"part": {"type": "uri_folder"}})
        jobs = pieces["jobs"]
        assert isinstance(jobs, dict)
        jobs["split"] = {**jobs["split"], "outputs": {"train": "${{parent.outputs.part}}"}}
        first = {"component": f"../{ANOTHER}", "inputs": {"table": DATA}}
        node = {"inputs": {"table": "${{parent.jobs.pieces.outputs.part}}"}}
        graph = graph_of({ANOTHER: pieces, PIPELINE: outer(node, more={"pieces": first})})
        assert step_of(graph, "learn.split").sources == (("data", StepSource("pieces.split", "train")),)

    def test_what_the_pipeline_says_of_its_output_holds_for_the_step_that_writes_it(self) -> None:
        outputs = {"best": {"type": "mlflow_model", "name": "credit", "version": "2.0.0", "path": "azureml://d/x"}}
        node = {"outputs": {"model": "${{parent.outputs.best}}"}}
        (graph,), _ = built({PIPELINE: outer(node, outputs=outputs)})
        assert step_of(graph, "learn.train").outputs == (
            JobOutput(
                "model",
                parent="model",
                asset_name="credit",
                asset_version="2.0.0",
                path="azureml://d/x",
            ),
        )

    def test_what_a_node_says_of_its_output_holds_too_unless_the_pipeline_says_otherwise(self) -> None:
        node = {"outputs": {"model": {"type": "mlflow_model", "name": "nested"}}}
        (said,) = step_of(graph_of({PIPELINE: outer(node)}), "learn.train").outputs
        assert (said.name, said.asset_name) == ("model", "nested")

    def test_an_output_that_nothing_is_said_of_is_only_kept(self) -> None:
        (said,) = step_of(graph_of(), "learn.train").outputs
        assert (said.asset_name, said.path) == ("", None)


class TestOrder:
    def test_a_job_that_depends_on_a_node_comes_after_all_its_jobs(self) -> None:
        last = {**BARE, "depends_on": ["learn"]}
        graph = graph_of({PIPELINE: outer(more={"last": last})})
        assert set(step_of(graph, "last").after) == {"learn.split", "learn.train"}

    def test_all_jobs_of_a_node_come_after_what_it_depends_on(self) -> None:
        graph = graph_of({PIPELINE: outer({"depends_on": "first"}, more={"first": BARE})})
        assert "first" in step_of(graph, "learn.split").after
        assert "first" in step_of(graph, "learn.train").after

    def test_one_node_after_another_through_two_levels(self) -> None:
        written = dict(TWO_LEVELS[PIPELINE] or {})  # type: ignore[arg-type]
        more = {"type": "pipeline", "component": f"../{LEARN}", "inputs": {"table": DATA}, "depends_on": ["study"]}
        written["jobs"] = {**written["jobs"], "learn": more}  # type: ignore[dict-item]
        graph = graph_of({**TWO_LEVELS, PIPELINE: written})
        assert {"study.learn.split", "study.learn.train"} <= set(step_of(graph, "learn.split").after)

    def test_a_nested_job_depends_on_those_beside_it(self) -> None:
        graph = graph_of({LEARN: learning(learning_jobs(first=BARE, train={"depends_on": ["first"]}))})
        assert set(step_of(graph, "learn.train").after) == {"learn.split", "learn.first"}

    def test_a_nested_job_knows_nothing_of_those_outside(self) -> None:
        problem = problem_of({LEARN: learning(learning_jobs(train={"depends_on": ["prepare"]}))})
        assert problem.code is Code.UNRESOLVED_BINDING
        assert at(problem) == (LEARN, ("jobs", "train", "depends_on"))

    def test_nodes_that_wait_for_each_other_are_a_cycle(self) -> None:
        changes = outer({"depends_on": "last"}, more={"last": {**BARE, "depends_on": ["learn"]}})
        problem = problem_of({PIPELINE: changes})
        assert problem.code is Code.CYCLE
        assert "last" in problem.message


class TestPipelineJobsAsComponents:
    """Files of pipeline jobs serve as nodes of others, as on Azure ML."""

    JOB = "pipelines/learning.yaml"

    def job(self, **changes: object) -> Content:
        jobs = learning_jobs(train={"component": "../components/train/component.yaml"})
        return pipeline(
            jobs,
            **{
                "name": "learning",
                "inputs": {"table": {"type": "uri_folder", "path": "../data"}, "seed": 42, "rate": None},
                "outputs": {"model": {"type": "mlflow_model"}},
                **changes,
            },
        )

    def test_its_values_are_the_defaults(self) -> None:
        changes: Changes = {self.JOB: self.job(), PIPELINE: outer({"component": "./learning.yaml"}), LEARN: None}
        graphs, problems = built(changes)
        assert problems == []
        graph = next(graph for graph in graphs if graph.pipeline == "lending")
        assert [step.name for step in graph.steps] == ["prepare", "learn.split", "learn.train"]
        assert literals(graph, "learn.split") == {"seed": 42}
        assert step_of(graph, "learn.split").sources == (("data", StepSource("prepare", "data")),)

    def test_its_data_are_the_default_too_where_none_are_given(self) -> None:
        changes: Changes = {
            self.JOB: self.job(),
            PIPELINE: outer({"component": "./learning.yaml", "inputs": {}}),
            LEARN: None,
        }
        graphs, problems = built(changes)
        assert problems == []
        graph = next(graph for graph in graphs if graph.pipeline == "lending")
        ((_, source),) = step_of(graph, "learn.split").sources
        assert not isinstance(source, StepSource)
        assert source.path == "data"


# --- unfolded, it is what would be written without the component ---

_WRITTEN: dict[str, dict[str, object]] = {
    "seed": {"nothing": None, "7": 7, "text": "7", "input": "${{parent.inputs.seed}}"},
    "rate": {"nothing": None, "0.5": 0.5, "text": "1e-3", "input": "${{parent.inputs.rate}}"},
    "data": {"upstream": DATA, "path": {"type": "uri_folder", "path": "../data"}},
}


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries({name: st.sampled_from(sorted(choices)) for name, choices in _WRITTEN.items()}),
    st.booleans(),
    st.sampled_from(["none", "node", "job"]),
)
def test_a_nested_pipeline_gives_the_steps_that_are_written_by_hand(
    chosen: dict[str, str], is_deep: bool, ordered: str
) -> None:
    bound = {name: _WRITTEN[name][choice] for name, choice in chosen.items()}
    node: dict[str, object] = {"inputs": {"table": bound["data"], "seed": bound["seed"], "rate": bound["rate"]}}
    split_job, train_job = learning_jobs()["split"], learning_jobs()["train"]
    assert isinstance(split_job, dict)
    assert isinstance(train_job, dict)
    split_job = {**split_job, "inputs": {"data": bound["data"], "seed": bound["seed"]}}
    train_job = {
        "component": "../components/train/component.yaml",
        "inputs": {**train_job["inputs"], "rate": bound["rate"]},
    }
    inner: dict[str, dict[str, object]] = {}
    if ordered == "node":
        node["depends_on"] = ["prepare"]
        split_job["depends_on"] = train_job["depends_on"] = ["prepare"]
    if ordered == "job":
        inner["train"] = {"depends_on": ["split"]}
        train_job["depends_on"] = ["split"]
    more: Changes = {LEARN: learning(learning_jobs(**inner))}
    if is_deep:
        names = ("table", "seed", "rate")
        passed = {name: f"${{{{parent.inputs.{name}}}}}" for name in names}
        around = {"learn": {"component": "./learn.yaml", "inputs": passed}}
        node["component"] = f"../{ANOTHER}"
        more[ANOTHER] = learning(around, name="another", outputs={})
    inputs = {**RAW, "seed": 5, "rate": 0.1}
    unfolded = graph_of({**more, PIPELINE: outer(node, inputs=inputs)})
    prepare = {"component": "azureml:prepare@latest", "inputs": {"raw": "${{parent.inputs.raw}}"}}
    by_hand = {"prepare": prepare, "split": split_job, "train": train_job}
    flat = graph_of({LEARN: None, PIPELINE: pipeline(by_hand, version="1.0.0", inputs=inputs)})
    assert _of_steps(unfolded) == _of_steps(flat)


def _of_steps(graph: Graph) -> list[tuple[object, ...]]:
    """What decides whether a step runs, under the last part of its name."""
    last = {step.name: step.name.rpartition(".")[2] for step in graph.steps}
    return [
        (last[step.name], step.definition.digest, step.closure, [last[name] for name in step.after])
        for step in graph.steps
    ]
