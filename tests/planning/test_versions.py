"""Versions are immutable, and the bump between two is at least what the interface demands."""

from __future__ import annotations

import pytest

from reconciler.model.manifests import Kind
from reconciler.model.plan import Bump, Plan, VersionPlan
from reconciler.model.problems import Code, Problem
from tests.manifests.documents import data, environment

from .history import Content
from .lending import ENVIRONMENT, PIPELINE, PREPARE, SPLIT, files, lending, prepare, split
from .world import World

FOLDER = {"type": "uri_folder"}
SEED = {"type": "integer", "default": 42}
PORTS = {"data": FOLDER, "seed": SEED}
ENFORCED: dict[str, Content | None] = {"reconciler.yaml": None}

CHANGED_IN_PLACE: list[tuple[str, dict[str, Content | None], str]] = [
    (PREPARE, {"components/prepare/src/run.py": "other"}, "component `prepare` 1.0.0"),
    (SPLIT, {SPLIT: split(command="split --other")}, "component `split` 1.0.0"),
    (ENVIRONMENT, {ENVIRONMENT: environment(conda_file="conda.yaml", image="other")}, "environment `sklearn` 1.0.0"),
    (ENVIRONMENT, {"environments/conda.yaml": "dependencies: []"}, "environment `sklearn` 1.0.0"),
    ("data/loans.yaml", {"data/loans.csv": "4,5,6"}, "data `loans` 1.0.0"),
    (PIPELINE, {PIPELINE: lending(settings={"force_rerun": True})}, "pipeline `lending` 1.0.0"),
    ("root.yaml", {"root.py": "other"}, "component `root` 1.0.0"),
]
ROOT: dict[str, Content | None] = {"root.yaml": prepare(name="root", code="."), "root.py": "print()"}


def _judged(before: dict[str, Content | None], now: dict[str, Content | None]) -> tuple[Plan, list[Problem]]:
    world = World()
    world.apply(files({**ENFORCED, **before}))
    made = world.plan(files({**ENFORCED, **before, **now}))
    return made, list(made.problems)


@pytest.mark.parametrize(("file", "changes", "what"), CHANGED_IN_PLACE)
def test_a_version_with_other_content_is_refused_with_both_digests_and_the_version_to_write(
    file: str, changes: dict[str, Content | None], what: str
) -> None:
    made, problems = _judged(ROOT, changes)
    problem = next(problem for problem in problems if problem.file == file)
    assert problem.code is Code.VERSION_MUTATED
    assert problem.is_error
    assert problem.pointer == ("version",)
    assert problem.message.startswith(f"{what} was applied with other content: ")
    before, _, now = problem.message.partition(": ")[2].partition(" at main@sha1:1, now ")
    assert len(before) == len(now) == 12
    assert before != now
    assert problem.hint == "a version never changes; write `version: 1.0.1`"
    assert not any(version.is_ok for version in made.versions)


def test_the_version_to_write_is_as_large_a_step_as_the_interface_demands() -> None:
    outputs = {"train": FOLDER, "test": FOLDER}
    assert _judged({}, {SPLIT: split(outputs=outputs)})[1][0].hint.endswith("`version: 1.1.0`")
    alone: dict[str, Content | None] = {PIPELINE: None}
    assert _judged(alone, {SPLIT: split(outputs={}, command="x")})[1][0].hint.endswith("`version: 2.0.0`")


def test_a_repository_may_soften_the_rule_to_a_warning() -> None:
    made, problems = _judged({"reconciler.yaml": "versions: warn"}, {SPLIT: split(command="split --other")})
    assert [problem.code for problem in problems] == [Code.VERSION_MUTATED]
    assert not made.has_errors


@pytest.mark.parametrize(
    "changes",
    [
        {"components/split/moved.yaml": split(description="Other words", tags={"a": "b"}), SPLIT: None},
        {PREPARE: prepare(inputs={"raw": {"type": "uri_file", "description": "Other words"}})},
        {PIPELINE: lending(description="Other words")},
        {"README.md": "Other words"},
    ],
)
def test_words_may_change_within_a_version(changes: dict[str, Content | None]) -> None:
    assert _judged({}, changes)[1] == []


def test_nothing_is_enforced_without_a_version() -> None:
    before: dict[str, Content | None] = {PREPARE: prepare(version=...)}
    made, problems = _judged(before, {PREPARE: prepare(version=..., command="other", outputs={"data": FOLDER})})
    assert problems == []
    assert made.versions == ()


def test_nothing_is_said_of_versions_before_the_first_revision_is_applied() -> None:
    assert World().plan(files(ENFORCED)).versions == ()


NOW = "input data is optional now"
REQUIRED: list[tuple[dict[str, object], Bump, list[str]]] = [
    ({"command": "split --other"}, Bump.PATCH, []),
    ({"description": "Other words"}, Bump.PATCH, []),
    ({"outputs": {"train": FOLDER, "test": FOLDER}}, Bump.MINOR, ["output test added"]),
    ({"inputs": {**PORTS, "more": {"type": "string", "optional": True}}}, Bump.MINOR, ["optional input more added"]),
    ({"inputs": {**PORTS, "more": {"type": "string", "default": "x"}}}, Bump.MINOR, ["optional input more added"]),
    ({"inputs": {**PORTS, "data": {**FOLDER, "optional": True}}, "command": "x"}, Bump.MINOR, [NOW]),
    ({"inputs": {**PORTS, "seed": {**SEED, "default": 7}}}, Bump.PATCH, []),
    ({"inputs": {"data": FOLDER}, "command": "x"}, Bump.MAJOR, ["input seed removed"]),
    ({"inputs": {**PORTS, "more": {"type": "string"}}}, Bump.MAJOR, ["input more added"]),
    ({"inputs": {**PORTS, "seed": {"type": "integer"}}}, Bump.MAJOR, ["input seed is required now"]),
    ({"inputs": {**PORTS, "seed": {"type": "number", "default": 42}}}, Bump.MAJOR, ["input seed: integer → number"]),
    ({"outputs": {}, "command": "x"}, Bump.MAJOR, ["output train removed"]),
    ({"outputs": {"train": {"type": "uri_file"}}}, Bump.MAJOR, ["output train: uri_folder → uri_file"]),
    (
        {"outputs": {"test": FOLDER}, "inputs": {**PORTS, "more": {"type": "string", "default": ""}}, "command": "x"},
        Bump.MAJOR,
        ["optional input more added", "output train removed", "output test added"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "required", "why"), REQUIRED)
def test_the_interface_decides_how_large_a_step_must_be(
    changes: dict[str, object], required: Bump, why: list[str]
) -> None:
    steps = {Bump.PATCH: "1.0.1", Bump.MINOR: "1.1.0", Bump.MAJOR: "2.0.0"}
    for version in steps.values():
        made, problems = _judged({PIPELINE: None}, {SPLIT: split(**changes, version=version)})
        is_ok = list(steps.values()).index(version) >= list(steps).index(required)
        assert made.versions == (
            VersionPlan(Kind.COMPONENT, "split", "1.0.0", version, required, is_ok, made.versions[0].why),
        )
        assert sorted(made.versions[0].why) == sorted(why)
        assert [problem.code for problem in problems] == ([] if is_ok else [Code.VERSION_BUMP])
        for problem in problems:
            assert problem.file == SPLIT
            assert problem.hint == f"this is a {required} change; write `version: {steps[required]}`"
            assert all(change in problem.message for change in why)


@pytest.mark.parametrize(
    ("file", "manifest", "kind"),
    [
        (ENVIRONMENT, environment(image="other", version="1.0.1"), Kind.ENVIRONMENT),
        ("data/loans.yaml", data(type="uri_folder", path=".", version="1.0.1"), Kind.DATA),
        (PIPELINE, lending(experiment_name="other", version="1.0.1"), Kind.PIPELINE),
    ],
)
def test_what_has_no_interface_needs_a_patch(file: str, manifest: Content, kind: Kind) -> None:
    made, problems = _judged({}, {file: manifest})
    assert [(version.kind, version.required, version.is_ok) for version in made.versions] == [(kind, Bump.PATCH, True)]
    assert [problem for problem in problems if problem.code is Code.VERSION_BUMP] == []


def test_a_version_is_compared_with_the_highest_that_was_applied() -> None:
    world = World()
    world.apply(files({**ENFORCED, "components/two.yaml": split(version="1.2.0")}))
    made = world.plan(files({**ENFORCED, SPLIT: None, "components/two.yaml": split(version="1.3.0")}))
    assert [(version.old, version.new) for version in made.versions] == [("1.2.0", "1.3.0")]


def test_going_back_to_a_version_that_was_applied_is_no_change_of_it() -> None:
    world = World()
    world.apply(files(ENFORCED))
    world.apply(files({**ENFORCED, SPLIT: split(version="1.1.0", command="split --other")}))
    made = world.plan(files(ENFORCED))
    assert made.problems == ()
    assert made.versions == ()


def test_an_older_number_that_was_never_applied_breaks_nothing() -> None:
    """There is no version below it that it could be too small a step from."""
    made, problems = _judged({PIPELINE: None}, {SPLIT: split(version="0.9.0", outputs={}, command="x")})
    assert problems == []
    assert made.versions == ()


def test_a_version_that_was_refused_is_still_refused_at_the_next_revision() -> None:
    world = World()
    world.apply(files(ENFORCED))
    for other in ("other", "third"):
        made = world.plan(files({**ENFORCED, SPLIT: split(command="split --other"), "README.md": other}))
        assert [problem.code for problem in made.problems] == [Code.VERSION_MUTATED]


def test_of_a_broken_file_the_version_is_not_judged() -> None:
    made, problems = _judged({}, {PREPARE: prepare(code="nowhere")})
    assert {problem.code for problem in problems if problem.file == PREPARE} == {Code.MISSING_FILE}
    assert made.has_errors
