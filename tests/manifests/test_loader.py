"""Whole trees: what is a manifest, all problems together, and nothing read twice."""

from __future__ import annotations

import pytest

from reconciler.manifests.loader import Loader, located
from reconciler.model.desired import Desired
from reconciler.model.problems import Code, Problem, Severity
from reconciler.model.snapshot import Entry, EntryKind, Snapshot

from .documents import component, data, environment, pipeline
from .repository import Content, Documents, Repository, load, place, problem_of, problems_of, where

TREE: dict[str, Content] = {
    "components/split/component.yaml": component(),
    "components/split/src/run.py": "print()",
    "data/loans.yaml": data(),
    "environments/sklearn/conda.yaml": "name: sklearn\ndependencies: [python]\n",
    "environments/sklearn/environment.yml": environment(),
    "pipelines/lending.yaml": pipeline(),
    "README.md": "# Loans\n",
}


def test_every_manifest_of_a_tree_is_found_by_its_file() -> None:
    desired = load(TREE)
    assert desired.problems == ()
    assert {path: type(manifest).__name__ for path, manifest in desired.manifests.items()} == {
        "components/split/component.yaml": "Component",
        "data/loans.yaml": "DataAsset",
        "environments/sklearn/environment.yml": "Environment",
        "pipelines/lending.yaml": "Pipeline",
    }
    assert desired.file_count == 5
    assert [manifest.name for manifest in desired.pipelines] == ["lending"]


def test_an_empty_repository_has_nothing_and_no_problem() -> None:
    assert load({}) == Desired(Repository({}).snapshot, {})


@pytest.mark.parametrize("kind", [EntryKind.LINK, EntryKind.SUBMODULE, EntryKind.TREE])
def test_only_files_are_manifests(kind: EntryKind) -> None:
    repository = Repository({"a.yaml": component()})
    entry = Entry(repository.snapshot.entries["a.yaml"].oid, kind)
    desired = Loader().load(Snapshot("main@sha1:0", "0", "0", {"a.yaml": entry}), repository)
    assert (desired.manifests, desired.file_count, repository.read) == ({}, 0, [])


@pytest.mark.parametrize(
    "content",
    [
        "",
        "# nothing\n",
        "- a list\n",
        "just text\n",
        "3\n",
        "apiVersion: v1\nkind: ConfigMap\n---\napiVersion: v1\nkind: Secret\n",
        "a: 1\na: 2\n",
        "{{ a helm template }}: [\n",
        b"\xff\xfe\xfd",
        "1: a\n[a]: b\n",
    ],
)
def test_yaml_that_is_no_manifest_is_none_of_our_business(content: Content) -> None:
    desired = load({"other.yaml": content, "component.yaml": component()})
    assert desired.problems == ()
    assert list(desired.manifests) == ["component.yaml"]
    assert desired.file_count == 2


@pytest.mark.parametrize(
    "path", [".github/workflows/test.yaml", ".azuredevops/release.yml", "charts/.templates/job.yaml"]
)
def test_broken_files_of_other_tools_are_none_of_our_business(path: str) -> None:
    assert problems_of("jobs:\n  test: ${{ matrix.x }}\n  [\n", path) == ()


@pytest.mark.parametrize(
    "text",
    [
        "$schema: https://azuremlschemas.azureedge.net/latest/data.schema.json\npath: [\n",
        "name: a\nenvironment: azureml:b@latest\n  c: d\n",
        "jobs:\n  a:\n\tcomponent: ./a.yaml\n",
        "command: python run.py: x\n",
        "name: a\nimage: python\nconda_file: [\n",
        "name: a\ntype: uri_file\npath: @a\n",
        b"command: caf\xe9 ${{inputs.x}}\n",
        "type: pipeline\nname: [\n",
        "type: 'sweep'\nname: [\n",
        "name: a\nimage: python:3.11\nversion: [\n",
        "name: a\ncreate_job: ./a.yaml\ntrigger: {\n",
        "name: a\ntype: mlflow_model\npath: [\n",
    ],
)
def test_a_broken_file_that_was_meant_as_a_manifest_is_an_error(text: Content) -> None:
    problem = problem_of(text)
    assert problem.code is Code.SYNTAX
    assert problem.is_error
    assert problem.line > 0
    assert problem.hint


def test_a_manifest_with_a_duplicate_key_is_an_error_however_it_was_recognised() -> None:
    text = "name: split\ncommand: ls\nenvironment: ./e.yaml\nname: scale\n"
    problem = problem_of(text)
    assert problem.code is Code.DUPLICATE_KEY
    assert where(problem) == (4, 1)


def test_several_manifests_in_one_file_are_refused() -> None:
    problem = problem_of("type: pipeline\njobs: {a: {component: ./a.yaml}}\n---\ntype: uri_file\npath: a.csv\n")
    assert problem.message == "the file holds several documents"
    assert problem.hint == "give each manifest a file of its own"


@pytest.mark.parametrize("text", ["---\n{}---\n", "---\n---\n{}", "{}...\n", "--- # first\n{}"])
def test_empty_documents_around_a_manifest_do_no_harm(text: str) -> None:
    manifest = "type: uri_file\npath: a.csv\nname: loans\n"
    desired = load({"a.yaml": text.format(manifest)})
    assert desired.problems == ()
    assert [asset.name for asset in desired.data_assets] == ["loans"]


def test_a_kind_that_is_not_supported_is_a_warning_at_its_schema() -> None:
    text = "name: scorer\n$schema: https://azuremlschemas.azureedge.net/latest/batchEndpoint.schema.json\n"
    desired = load({"endpoint.yaml": text, **TREE})
    (problem,) = desired.problems
    assert (problem.code, problem.severity) == (Code.UNSUPPORTED_KIND, Severity.WARNING)
    assert problem.message == "batch endpoints are not supported: models are trained and registered here, not served"
    assert problem.hint == "the file is left alone; the rest of the repository is not held up"
    assert where(problem) == place(text, "$schema")
    assert len(desired.manifests) == 4
    assert desired.unsupported == {"endpoint.yaml": "batch endpoints"}


def test_all_errors_of_all_files_are_told_together_in_the_order_of_their_places() -> None:
    tree: dict[str, Content] = {
        **TREE,
        "c.yaml": component(command=..., code=3),
        "a.yaml": "type: pipeline\njobs:\n  x: [\n",
        "b.yaml": "type: uri_file\nname: b c\npath: 3\nunknown: 1\n",
        "reconciler.yaml": "versions: never\n",
    }
    desired = load(tree)
    assert [(problem.file, problem.line, problem.code) for problem in desired.problems] == [
        ("a.yaml", 4, Code.SYNTAX),
        ("b.yaml", 2, Code.INVALID_VALUE),
        ("b.yaml", 3, Code.INVALID_VALUE),
        ("b.yaml", 4, Code.UNKNOWN_PROPERTY),
        ("c.yaml", 1, Code.MISSING_PROPERTY),
        ("c.yaml", 5, Code.INVALID_VALUE),
        ("reconciler.yaml", 1, Code.INVALID_VALUE),
    ]
    assert len(desired.manifests) == 4


def test_a_manifest_with_an_error_is_left_out_and_the_others_stay() -> None:
    desired = load({**TREE, "data/loans.yaml": data(path=3)})
    assert "data/loans.yaml" not in desired.manifests
    assert len(desired.manifests) == 3


def test_the_same_name_and_version_twice_is_refused_at_the_second() -> None:
    desired = load({"a.yaml": component(), "b.yaml": component(command="ls"), "c.yaml": component(version="1.1.0")})
    (problem,) = desired.problems
    assert (problem.file, problem.code, problem.line) == ("b.yaml", Code.DUPLICATE_NAME, 2)
    assert problem.message == "component `split` 1.0.0 stands in a.yaml too, with other content"
    assert problem.hint == "give one of the two another name or version"


def test_one_name_may_serve_several_kinds() -> None:
    assert (
        load({"a.yaml": component(name="x"), "b.yaml": environment(name="x"), "c.yaml": data(name="x")}).problems == ()
    )


def test_a_path_that_is_not_utf_8_is_a_path_like_any_other() -> None:
    path = b"caf\xe9/component.yaml".decode(errors="surrogateescape")
    desired = load({path: component(name=...)})
    assert desired.problems == ()
    assert desired.manifests[path].name == "caf_"


class TestWhatIsReadTwice:
    def test_a_file_that_did_not_change_is_not_read_again(self) -> None:
        loader, first = Loader(), Repository(TREE)
        before = loader.load(first.snapshot, first)
        assert len(first.read) == 5
        second = Repository({**TREE, "data/loans.yaml": data(path="other.csv")})
        after = loader.load(second.snapshot, second)
        assert second.read == ["data/loans.yaml"]
        assert after.manifests["pipelines/lending.yaml"] is before.manifests["pipelines/lending.yaml"]
        assert after.data_assets[0].path == "other.csv"

    def test_a_file_that_went_is_gone(self) -> None:
        loader, first = Loader(), Repository(TREE)
        loader.load(first.snapshot, first)
        second = Repository({"data/loans.yaml": data()})
        assert list(loader.load(second.snapshot, second).manifests) == ["data/loans.yaml"]
        assert second.read == []

    def test_a_problem_stays_as_long_as_its_file(self) -> None:
        loader, repository = Loader(), Repository({"a.yaml": data(path=3)})
        before = loader.load(repository.snapshot, repository)
        assert loader.load(repository.snapshot, repository).problems == before.problems != ()

    def test_another_loader_takes_the_documents_from_the_cache(self) -> None:
        documents, first, second = Documents(), Repository(TREE), Repository(TREE)
        before = Loader(documents).load(first.snapshot, first)
        after = Loader(documents).load(second.snapshot, second)
        assert second.read == []
        assert after == before

    def test_a_moved_file_is_taken_from_the_cache_under_its_new_path(self) -> None:
        documents = Documents()
        first = Repository({"split/component.yaml": component(name=...)})
        second = Repository({"scale/component.yaml": component(name=...)})
        Loader(documents).load(first.snapshot, first)
        (moved,) = Loader(documents).load(second.snapshot, second).components
        assert (moved.name, moved.file, second.read) == ("scale", "scale/component.yaml", [])

    def test_the_cache_knows_what_is_no_manifest(self) -> None:
        documents, tree = Documents(), {"conda.yaml": "name: a\n", "empty.yaml": "", "list.yaml": "- a\n"}
        first, second = Repository(tree), Repository(tree)
        Loader(documents).load(first.snapshot, first)
        assert Loader(documents).load(second.snapshot, second).manifests == {}
        assert second.read == []

    def test_a_document_with_a_problem_is_read_again_so_that_it_is_told_again(self) -> None:
        documents = Documents()
        tree: dict[str, Content] = {"a.yaml": data(path=3), "b.yaml": data(unknown=1), "c.yaml": "command: [\n"}
        first, second = Repository(tree), Repository(tree)
        before = Loader(documents).load(first.snapshot, first)
        after = Loader(documents).load(second.snapshot, second)
        assert len(before.problems) == 3
        assert after == before

    def test_what_only_the_fields_show_is_told_from_the_cache_too(self) -> None:
        documents, tree = Documents(), {"a.yaml": component(command="run ${{inputs.x}}", version="one")}
        first, second = Repository(tree), Repository(tree)
        before = Loader(documents).load(first.snapshot, first)
        assert documents.kept != {}
        assert Loader(documents).load(second.snapshot, second).problems == before.problems
        assert len(before.problems) == 2

    def test_keys_that_look_like_numbers_or_booleans_are_the_same_from_the_cache(self) -> None:
        text = "name: a\nimage: b\nconda_file:\n  on: 1\n  2: x\n  true: [~]\n"
        documents, first, second = Documents(), Repository({"a.yaml": text}), Repository({"a.yaml": text})
        before = Loader(documents).load(first.snapshot, first)
        after = Loader(documents).load(second.snapshot, second)
        assert before.environments[0].conda == '{"2":"x","on":1,"true":[null]}'
        assert after == before

    def test_equal_files_are_read_once(self) -> None:
        repository = Repository({f"{number}/data.yaml": data(name=...) for number in range(20)})
        desired = Loader(Documents()).load(repository.snapshot, repository)
        assert len(repository.read) == 1
        assert len(desired.data_assets) == 20


class TestPlaces:
    def test_a_file_is_read_once_for_all_its_problems(self) -> None:
        repository = Repository({"a.yaml": component()})
        problems = [Problem("a.yaml", Code.INVALID_VALUE, str(n), "", (key,)) for n, key in enumerate(component())]
        found = located(problems, repository.snapshot, repository)
        assert [problem.line for problem in found] == [1, 2, 3, 4, 5]
        assert repository.read == ["a.yaml"]

    def test_a_place_that_is_known_is_kept(self) -> None:
        repository = Repository({"a.yaml": component()})
        problem = Problem("a.yaml", Code.SYNTAX, "x", line=7, column=3)
        assert located([problem], repository.snapshot, repository) == (problem,)
        assert repository.read == []

    def test_a_problem_of_no_file_is_kept(self) -> None:
        repository = Repository({})
        problem = Problem("gone.yaml", Code.MISSING_FILE, "x")
        assert located([problem], repository.snapshot, repository) == (problem,)
