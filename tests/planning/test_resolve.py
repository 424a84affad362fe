"""What references mean, and what is said of those that lead nowhere."""

from __future__ import annotations

from typing import ClassVar

import pytest

from reconciler.model.manifests import Component, DataAsset, Environment, InputPort, OutputPort
from reconciler.model.pipelines import PipelineComponent
from reconciler.model.problems import Code, Problem
from reconciler.model.references import parse_reference
from reconciler.planning.repository_paths import Unresolved, UnsupportedReference, within_repository
from reconciler.planning.resolve import M, Registry
from tests.manifests.documents import SCHEMAS, component, data, environment, pipeline

from .history import Content, desired_of

POINTER = ("jobs", "split", "component")
FROM = "pipelines/lending.yaml"
SPLITS: dict[str, Content] = {
    f"components/split-{version}.yaml": component(version=version)
    for version in ("1.0.0", "1.2.0", "1.2.3", "1.10.0", "2.0.0", "2.1.0-rc.1")
}


def resolved(files: dict[str, Content], text: str, wanted: type[M]) -> M:
    return Registry(desired_of(files)).resolve(wanted, parse_reference(text), FROM, POINTER)


def refused(files: dict[str, Content], text: str, wanted: type[M]) -> Problem:
    with pytest.raises(Unresolved) as raised:
        resolved(files, text, wanted)
    return raised.value.problem


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("azureml:split@latest", "2.0.0"),
        ("azureml:split", "2.0.0"),
        ("split", "2.0.0"),
        ("azureml:split:1.2.0", "1.2.0"),
        ("azureml:split@1.2.0", "1.2.0"),
        ("azureml:split:1", "1.10.0"),
        ("azureml:split@^1.2", "1.10.0"),
        ("split:~1.2.0", "1.2.3"),
        ("split@>=1,<2", "1.10.0"),
        ("split@<1.2", "1.0.0"),
        ("split@>=2.1.0-rc.0", "2.1.0-rc.1"),
        ("azureml:split:2.1.0-rc.1", "2.1.0-rc.1"),
        ("azureml://registries/ours/components/split/versions/1.2.3", "1.2.3"),
        ("azureml://registries/ours/components/split/labels/latest", "2.0.0"),
        ("../components/split-1.0.0.yaml", "1.0.0"),
        ("file:../components/split-1.0.0.yaml", "1.0.0"),
    ],
)
def test_the_highest_version_that_fits_is_meant(text: str, version: str) -> None:
    assert resolved(SPLITS, text, Component).version == version


def test_a_pre_release_is_the_latest_only_where_there_is_nothing_else() -> None:
    only: dict[str, Content] = {
        "split.yaml": component(version="1.0.0-rc.1"),
        "older.yaml": component(version="1.0.0-beta"),
    }
    assert resolved(only, "azureml:split@latest", Component).version == "1.0.0-rc.1"


def test_a_manifest_without_a_version_is_meant_by_its_name_alone() -> None:
    files: dict[str, Content] = {"split.yaml": component(version=...)}
    assert resolved(files, "azureml:split@latest", Component).version is None
    problem = refused(files, "azureml:split@^1.0", Component)
    assert problem.message == "component `split` has no version, `^1.0` is asked for"
    assert problem.hint == "add `version:` to split.yaml or refer to it with `@latest`"


def test_names_of_different_kinds_do_not_meet() -> None:
    files: dict[str, Content] = {"a.yaml": environment(name="split"), "b.yaml": data(name="split"), "loans.csv": ""}
    assert resolved(files, "azureml:split@latest", Environment).file == "a.yaml"
    assert resolved(files, "azureml:split@latest", DataAsset).file == "b.yaml"
    assert refused(files, "azureml:split@latest", Component).message == "there is no component `split`"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("azureml:splitt@latest", "there is no component `splitt`", "did you mean `split`?"),
        ("azureml:forecast@1.0", "there is no component `forecast`", "add a component manifest with `name: forecast`"),
        (
            "azureml:split@^3",
            "no version of component `split` fits `^3`",
            "there are: 1.0.0, 1.2.0, 1.2.3, 1.10.0, 2.0.0, 2.1.0-rc.1",
        ),
        (
            "azureml:split@new",
            "component `split` has no label `new`",
            "write a version, a range such as `^1.2` or `latest`, or add to reconciler.yaml: "
            "`labels: {component/split: {new: 1.0.0}}`",
        ),
        ("azureml:split@lastest", "component `split` has no label `lastest`", "did you mean `latest`?"),
        (
            "azureml:split@^1.2.3.4",
            "'^1.2.3.4' is not a version or a range of versions",
            "write a version, a range such as `^1.2`, or `latest`",
        ),
        (
            "../components/spilt-1.10.0.yaml",
            "there is no file `components/spilt-1.10.0.yaml`",
            "did you mean `components/split-1.10.0.yaml`?",
        ),
        ("../sklearn.yaml", "`../sklearn.yaml` is an environment, not a component", "name a component"),
        ("../notes.yaml", "`notes.yaml` is not a component that can be used", "mend the problems shown for that file"),
    ],
)
def test_a_reference_that_leads_nowhere_is_told_with_what_there_is(text: str, message: str, hint: str) -> None:
    files = {**SPLITS, "sklearn.yaml": environment(), "notes.yaml": "a: note"}
    problem = refused(files, text, Component)
    assert problem == Problem(FROM, Code.UNRESOLVED_REFERENCE, message, hint, POINTER)


SPARK: Content = {"$schema": f"{SCHEMAS}/sparkComponent.schema.json", "name": "count"}
NESTED: Content = {
    "type": "pipeline",
    "name": "learn",
    "inputs": {"x": {"type": "integer"}},
    "jobs": {"a": {"component": "./a.yaml", "inputs": {"b": "${{parent.inputs.x}}"}}},
}


def component_meant(files: dict[str, Content], text: str) -> Component | PipelineComponent:
    return Registry(desired_of(files)).component(parse_reference(text), FROM, POINTER)


def component_refused(files: dict[str, Content], text: str) -> Problem:
    with pytest.raises(Unresolved) as raised:
        component_meant(files, text)
    return raised.value.problem


class TestComponents:
    """A node may run a command component, a pipeline component, or a pipeline job in a file."""

    @pytest.mark.parametrize("text", ["azureml:learn@latest", "../learn.yaml", "file:../learn.yaml", "learn"])
    def test_a_pipeline_component_is_a_component(self, text: str) -> None:
        found = component_meant({"learn.yaml": NESTED}, text)
        assert isinstance(found, PipelineComponent)
        assert found.file == "learn.yaml"

    def test_a_pipeline_job_is_one_by_its_file_alone(self) -> None:
        inputs = {
            "seed": 3,
            "rate": {"type": "number", "value": 0.5},
            "table": {"type": "uri_folder", "path": "./table"},
            "raw": "azureml:loans@latest",
            "unset": {"type": "integer"},
        }
        files: dict[str, Content] = {"pipelines/job.yaml": pipeline(inputs=inputs, outputs={"model": None})}
        found = component_meant(files, "./job.yaml")
        assert isinstance(found, PipelineComponent)
        assert found.inputs == (
            InputPort("seed", "any", default=3),
            InputPort("rate", "number", default=0.5),
            InputPort("table", "uri_folder"),
            InputPort("raw", "any"),
            InputPort("unset", "integer", is_optional=True),
        )
        assert [(name, data.path, data.file) for name, data in found.data] == [
            ("table", "./table", "pipelines/job.yaml"),
            ("raw", None, "pipelines/job.yaml"),
        ]
        assert found.outputs == (OutputPort("model", "uri_folder"),)
        assert component_refused(files, "azureml:lending@latest").message == "there is no component `lending`"

    def test_a_command_component_and_a_pipeline_component_share_their_names(self) -> None:
        files: dict[str, Content] = {"a.yaml": component(), "b.yaml": {**NESTED, "name": "split", "version": "1.5.0"}}  # type: ignore[dict-item]
        assert component_meant(files, "azureml:split@^1.0").file == "b.yaml"
        assert component_meant(files, "azureml:split:1.0.0").file == "a.yaml"

    @pytest.mark.parametrize(
        ("text", "message", "hint"),
        [
            (
                "../count.yaml",
                "spark components are not supported: `count.yaml`",
                "the pipeline's other steps are planned, but it does not run without this one",
            ),
        ],
    )
    def test_a_file_of_a_kind_that_is_not_supported_is_told_as_that(self, text: str, message: str, hint: str) -> None:
        with pytest.raises(UnsupportedReference) as raised:
            component_meant({"count.yaml": SPARK}, text)
        assert raised.value.problem == Problem(FROM, Code.UNSUPPORTED_KIND, message, hint, POINTER)

    @pytest.mark.parametrize(("text", "one"), [("../data.yaml", "a data asset"), ("../env.yaml", "an environment")])
    def test_another_kind_is_told_as_that(self, text: str, one: str) -> None:
        problem = component_refused({"data.yaml": data(), "env.yaml": environment()}, text)
        assert (problem.message, problem.hint) == (f"`{text}` is {one}, not a component", "name a component")

    def test_what_another_registry_holds_is_not_within_reach(self) -> None:
        text = "azureml://registries/shared/components/forecast/versions/1.0.0"
        problem = component_refused(SPLITS, text)
        assert problem.message == "there is no component `forecast`: registry `shared` is not within reach"
        assert problem.hint == "bring its files into the repository, with `name: forecast` in its manifest"


class TestNamesThatMeanTwoThings:
    OTHER = "python other.py"

    @pytest.mark.parametrize("version", ["1.0.0", ...])
    def test_a_name_that_stands_in_two_files_with_other_content_means_nothing(self, version: object) -> None:
        files: dict[str, Content] = {
            "a.yaml": component(version=version),
            "b.yaml": component(version=version, command=self.OTHER),
        }
        problem = component_refused(files, "azureml:split@latest")
        said = " 1.0.0" if version == "1.0.0" else ""
        assert problem.message == f"component `split`{said} stands in a.yaml and in b.yaml"
        assert problem.hint == "refer to one of the two by its path, or give them different versions"

    def test_its_path_means_one_of_the_two(self) -> None:
        files: dict[str, Content] = {"a.yaml": component(), "b.yaml": component(command=self.OTHER)}
        assert component_meant(files, "../b.yaml").file == "b.yaml"

    def test_copies_mean_the_same(self) -> None:
        files: dict[str, Content] = {"a.yaml": component(), "b.yaml": component(description="A copy.")}
        assert component_meant(files, "azureml:split@latest").identity == component_meant(files, "../b.yaml").identity

    def test_another_version_of_the_name_is_as_clear_as_ever(self) -> None:
        files: dict[str, Content] = {
            "a.yaml": component(version="1.0.0"),
            "b.yaml": component(version="1.0.0", command=self.OTHER),
            "c.yaml": component(version="2.0.0"),
        }
        assert component_meant(files, "azureml:split:2.0.0").file == "c.yaml"
        assert component_meant(files, "azureml:split@^2.0").file == "c.yaml"
        assert component_meant(files, "azureml:split@latest").file == "c.yaml"
        assert "stands in a.yaml and in b.yaml" in component_refused(files, "azureml:split@^1.0").message


class TestModels:
    """A trained model that lies somewhere is bound like data."""

    FILES: ClassVar[dict[str, Content]] = {
        "models/credit.yaml": "name: credit\nversion: 2\ntype: mlflow_model\npath: ./credit\n",
        "data/loans.yaml": data(),
        "data/credit.yaml": data(name="credit", version="1.0.0"),
    }

    def meant(self, kind: str, text: str, files: dict[str, Content] | None = None) -> str:
        registry = Registry(desired_of(self.FILES if files is None else files))
        return registry.data(kind, parse_reference(text), FROM, POINTER).file

    @pytest.mark.parametrize(
        ("kind", "text", "file"),
        [
            ("mlflow_model", "azureml:credit@latest", "models/credit.yaml"),
            ("mlflow_model", "azureml:credit:2", "models/credit.yaml"),
            ("custom_model", "azureml:credit@latest", "models/credit.yaml"),
            ("uri_file", "azureml:credit@latest", "data/credit.yaml"),
            ("uri_folder", "azureml:loans@latest", "data/loans.yaml"),
            ("mlflow_model", "azureml:loans@latest", "data/loans.yaml"),
            ("mlflow_model", "azureml://registries/azureml/models/credit/versions/2", "models/credit.yaml"),
        ],
    )
    def test_the_type_of_the_input_tells_models_from_data(self, kind: str, text: str, file: str) -> None:
        assert self.meant(kind, text) == file

    def test_a_model_is_meant_where_there_are_no_data_of_that_name(self) -> None:
        files = {path: content for path, content in self.FILES.items() if path != "data/credit.yaml"}
        assert self.meant("uri_folder", "azureml:credit@latest", files) == "models/credit.yaml"

    def test_a_version_that_is_not_there_is_told_with_those_there_are(self) -> None:
        with pytest.raises(Unresolved) as raised:
            self.meant("mlflow_model", "azureml:credit:1")
        assert raised.value.problem.message == "no version of model `credit` fits `1`"
        assert raised.value.problem.hint == "there are: 2.0.0"


CURATED = "azureml://registries/azureml/environments/sklearn-1.5/labels/latest"


@pytest.mark.parametrize("text", ["azureml:AzureML-sklearn-1.5@latest", "azureml:AzureML-sklearn-1.5:34", CURATED])
def test_a_curated_environment_stands_for_the_one_it_is_mapped_to_whatever_its_version(text: str) -> None:
    settings = "environments: {'AzureML-*': sklearn, 'sklearn-*': sklearn}"
    files: dict[str, Content] = {"env.yaml": environment(), "new.yaml": environment(version="1.5.0")}
    assert resolved({**files, "reconciler.yaml": settings}, text, Environment).version == "1.5.0"
    problem = refused(files, text, Environment)
    assert problem.code is Code.UNMAPPED_ENVIRONMENT
    assert problem.hint.startswith("add to reconciler.yaml: `environments: {")
    assert problem.hint.endswith(": sklearn}`")


def test_an_environment_of_ours_wins_over_the_mapping() -> None:
    settings = "environments: {'*': other}"
    files: dict[str, Content] = {"a.yaml": environment(), "b.yaml": environment(name="other")}
    assert resolved({**files, "reconciler.yaml": settings}, "azureml:sklearn@latest", Environment).name == "sklearn"


def test_a_mapping_to_what_is_not_there_is_told() -> None:
    problem = refused({"reconciler.yaml": "environments: {'sk*': gone}"}, "azureml:sklearn@latest", Environment)
    assert problem.code is Code.UNMAPPED_ENVIRONMENT
    assert problem.message == "the curated environment `sklearn` stands for `gone`, which this repository does not have"
    assert problem.hint == "correct it in reconciler.yaml, or add the environment `gone`"


def test_a_misspelt_mapping_is_told_with_the_nearest_environment() -> None:
    files: dict[str, Content] = {"env.yaml": environment(), "reconciler.yaml": "environments: {'a-*': sklern}"}
    assert refused(files, "azureml:a-1@latest", Environment).hint == "did you mean `sklearn`?"


def test_the_line_to_add_names_the_environment_that_is_alike() -> None:
    files: dict[str, Content] = {"a.yaml": environment(name="lightgbm"), "b.yaml": environment()}
    hint = refused(files, "azureml:AzureML-sklearn-1.5@latest", Environment).hint
    assert hint == 'add to reconciler.yaml: `environments: {"AzureML-sklearn-1.5": sklearn}`'


@pytest.mark.parametrize(
    ("file", "path", "within"),
    [
        ("a/b.yaml", "src", "a/src"),
        ("a/b.yaml", "./src/", "a/src"),
        ("a/b.yaml", "../src", "src"),
        ("a/b.yaml", "..", ""),
        ("b.yaml", ".", ""),
        ("b.yaml", "a/../../b/..", None),
        ("a/b.yaml", "../..", None),
        ("b.yaml", "/etc", None),
        ("a/b.yaml", "../../etc/passwd", None),
        ("b.yaml", "..hidden/x", "..hidden/x"),
    ],
)
def test_no_path_leaves_the_repository(file: str, path: str, within: str | None) -> None:
    if within is not None:
        assert within_repository(file, path, POINTER) == within
        return
    with pytest.raises(Unresolved) as raised:
        within_repository(file, path, POINTER)
    assert raised.value.problem.code is Code.OUTSIDE_REPOSITORY
