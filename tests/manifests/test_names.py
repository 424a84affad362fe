"""The names of manifests: those of their files where they have none, told apart where two would be the same."""

from __future__ import annotations

import pytest

from reconciler.manifests.loader import Loader
from reconciler.manifests.names import default_name
from reconciler.model.pipelines import Pipeline
from reconciler.model.problems import Code, Severity

from .documents import component, data, environment, pipeline
from .repository import Content, Repository, load


def job(**changes: object) -> Content:
    """A standalone command job without a name."""
    return {"type": "command", "command": "ls", "environment": "azureml:sklearn@latest", "compute": "cpu", **changes}


def names(files: dict[str, Content]) -> dict[str, str]:
    desired = load(files)
    assert desired.problems == ()
    return {path: manifest.name for path, manifest in desired.manifests.items()}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("pipelines/lending.yaml", "lending"),
        ("components/split/component.yaml", "split"),
        ("jobs/train/job.yml", "train"),
        ("jobs/train/Job.yml", "train"),
        ("environments/sklearn/env.yaml", "sklearn"),
        ("jobs/train/train-job.yml", "train-job"),
        ("job.yml", "job"),
        ("a/lending club.yaml", "lending_club"),
        ("a/(1) first.yaml", "_1_first"),
        ("a/.hidden.yaml", "hidden"),
        ("a/v1.2.yaml", "v1.2"),
        ("a/crédit.yaml", "cr_dit"),
        (b"caf\xe9/job.yaml".decode(errors="surrogateescape"), "caf_"),
        ("a/....yaml", "_"),
    ],
)
def test_a_manifest_without_a_name_has_that_of_its_file_or_folder(path: str, name: str) -> None:
    assert default_name(path) == name
    assert names({path: job()}) == {path: name}


@pytest.mark.parametrize(
    "files",
    [
        {"train/job.yml": "train", "score/job.yml": "score", "other.yml": "other"},
        {"train.yml": "train", "a/train.yml": "a.train"},
        {"a/train/job.yml": "a.train", "b/train/job.yml": "b.train", "b/other.yml": "other"},
        {"x/a/train/job.yml": "x.a.train", "y/a/train/job.yml": "y.a.train", "z/b/train/job.yml": "b.train"},
        {"train/job.yml": "train.job", "train/pipeline.yml": "train.pipeline"},
        {"a/train.yml": "a.train", "b/train/job.yml": "b.train.job", "b/train.yml": "b.train"},
        {"train.yml": "train.yml", "train.yaml": "train.yaml"},
    ],
)
def test_what_is_called_alike_is_told_apart_by_as_much_of_its_path_as_that_takes(files: dict[str, str]) -> None:
    assert names({path: job() for path in files}) == files


def test_a_name_that_is_written_is_kept_and_the_other_gives_way() -> None:
    named = job(name="train")
    assert names({"a/train.yml": job(), "b.yml": named}) == {"a/train.yml": "a.train", "b.yml": "train"}
    assert names({"train.yaml": job(), "train.yml": named}) == {"train.yaml": "train.yaml", "train.yml": "train"}


def test_one_name_in_two_kinds_is_no_clash() -> None:
    files: dict[str, Content] = {
        "a/train.yml": job(),
        "b/train.yml": component(name=...),
        "c/train.yml": environment(name=...),
        "d/train.yml": data(name=...),
    }
    assert set(names(files).values()) == {"train"}


def test_a_pipeline_component_is_a_component() -> None:
    nested: Content = {"type": "pipeline", "name": "split", "inputs": {"x": {"type": "uri_file"}}, "jobs": {"a": job()}}
    (problem,) = load({"a.yaml": component(version=...), "b.yaml": nested}).problems
    assert problem.message == "component `split` stands in a.yaml too, with other content"


def test_the_experiment_is_called_like_the_pipeline_unless_it_says_otherwise() -> None:
    files: dict[str, Content] = {"a/train.yml": job(), "b/train.yml": job(experiment_name="own"), "c/train.yml": job()}
    pipelines = [manifest for manifest in load(files).manifests.values() if isinstance(manifest, Pipeline)]
    assert [pipeline.experiment for pipeline in pipelines] == ["a.train", "own", "c.train"]


class TestReloading:
    """What did not change is the very same object, whatever it is called by then."""

    @pytest.mark.parametrize("paths", [("a/train.yml", "b/train.yml"), ("a/train/job.yml", "a/train/pipeline.yml")])
    def test_a_renamed_manifest_stays_the_same_object(self, paths: tuple[str, ...]) -> None:
        loader = Loader()
        files = {path: job() for path in paths}
        first, second = Repository(files), Repository({**files, "other.yml": job()})
        before = loader.load(first.snapshot, first)
        after = loader.load(second.snapshot, second)
        assert [after.manifests[path] is before.manifests[path] for path in paths] == [True, True]

    def test_a_file_that_comes_renames_one_that_was_there_and_one_that_goes_gives_the_name_back(self) -> None:
        loader = Loader()
        alone, both = Repository({"a/train.yml": job()}), Repository({"a/train.yml": job(), "b/train.yml": job()})
        before = loader.load(alone.snapshot, alone)
        during = loader.load(both.snapshot, both)
        after = loader.load(alone.snapshot, alone)
        said = [desired.manifests["a/train.yml"].name for desired in (before, during, after)]
        assert said == ["train", "a.train", "train"]
        assert after.manifests["a/train.yml"] is before.manifests["a/train.yml"]

    def test_a_changed_manifest_is_another_object_under_the_same_name(self) -> None:
        loader = Loader()
        first = Repository({"a/train.yml": job(), "b/train.yml": job()})
        second = Repository({"a/train.yml": job(command="pwd"), "b/train.yml": job()})
        before, after = loader.load(first.snapshot, first), loader.load(second.snapshot, second)
        assert after.manifests["a/train.yml"].name == "a.train"
        assert after.manifests["a/train.yml"] != before.manifests["a/train.yml"]
        assert after.manifests["b/train.yml"] is before.manifests["b/train.yml"]


OTHER = {"command": "python other.py"}


class TestDuplicates:
    """A name that is written twice, in two files."""

    @pytest.mark.parametrize(
        ("files", "message", "severity"),
        [
            (
                {"a.yaml": component(), "b.yaml": component()},
                "component `split` 1.0.0 stands in a.yaml too",
                Severity.WARNING,
            ),
            (
                {"a.yaml": component(), "b.yaml": component(description="Other words.")},
                "component `split` 1.0.0 stands in a.yaml too",
                Severity.WARNING,
            ),
            (
                {"a.yaml": component(), "b.yaml": component(**OTHER)},
                "component `split` 1.0.0 stands in a.yaml too, with other content",
                Severity.ERROR,
            ),
            (
                {"a.yaml": component(), "b.yaml": component(**OTHER), "reconciler.yaml": "versions: warn"},
                "component `split` 1.0.0 stands in a.yaml too, with other content",
                Severity.WARNING,
            ),
            (
                {"a.yaml": component(version=...), "b.yaml": component(version=..., **OTHER)},
                "component `split` stands in a.yaml too, with other content",
                Severity.WARNING,
            ),
            (
                {"a.yaml": pipeline(), "b.yaml": pipeline()},
                "pipeline `lending` stands in a.yaml too",
                Severity.ERROR,
            ),
            (
                {"a.yaml": pipeline(version="1.0.0"), "b.yaml": pipeline(version="2.0.0")},
                "pipeline `lending` stands in a.yaml too",
                Severity.ERROR,
            ),
            (
                {"a.yaml": pipeline(), "b.yaml": job(name="lending"), "reconciler.yaml": "versions: warn"},
                "pipeline `lending` stands in a.yaml too, with other content",
                Severity.ERROR,
            ),
        ],
    )
    def test_what_cannot_be_told_apart_is_an_error_and_the_rest_a_warning(
        self, files: dict[str, Content], message: str, severity: Severity
    ) -> None:
        (problem,) = load(files).problems
        assert (problem.file, problem.code, problem.pointer) == ("b.yaml", Code.DUPLICATE_NAME, ("name",))
        assert (problem.message, problem.severity) == (message, severity)
        assert problem.hint.startswith("give one of the two another name")

    def test_two_versions_of_one_name_are_right(self) -> None:
        assert load({"a.yaml": component(), "b.yaml": component(version="1.1.0", **OTHER)}).problems == ()

    def test_the_manifests_are_there_all_the_same(self) -> None:
        desired = load({"a.yaml": component(), "b.yaml": component(**OTHER)})
        assert [manifest.file for manifest in desired.components] == ["a.yaml", "b.yaml"]
