"""Versions are immutable, and the bump between two is at least what the interface demands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.manifests import Kind
from reconciler.model.plan import Bump, Plan, VersionPlan
from reconciler.model.problems import Code, Problem
from reconciler.planning.content_digests import ContentDigests
from tests.manifests.documents import data, environment

from .history import Content, desired_of
from .lending import ENVIRONMENT, PIPELINE, PREPARE, SPLIT, files, lending, prepare, split
from .world import World

FOLDER = {"type": "uri_folder"}
SEED = {"type": "integer", "default": 42}
PORTS = {"data": FOLDER, "seed": SEED}
ENFORCED: dict[str, Content | None] = {"reconciler.yaml": None}

PATCHED = "python:3.11.9-slim"

CHANGED_IN_PLACE: list[tuple[str, dict[str, Content | None], str]] = [
    (PREPARE, {"components/prepare/src/run.py": "other"}, "component `prepare` 1.0.0"),
    (SPLIT, {SPLIT: split(command="split --other")}, "component `split` 1.0.0"),
    (
        ENVIRONMENT,
        {ENVIRONMENT: environment(conda_file="conda.yaml", tags={}, image=PATCHED)},
        "environment `sklearn` 1.0.0",
    ),
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
    made, problems = _judged(alone, {SPLIT: split(outputs={}, command="x")})
    assert problems[0].hint.endswith("`version: 2.0.0`")
    assert (made.versions[0].required, made.versions[0].wanted) == (Bump.MAJOR, "2.0.0")
    assert made.versions[0].why[1:] == ("output train removed",)


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
        is_larger = list(steps.values()).index(version) > list(steps).index(required)
        note = f"{steps[required]} would do for a {required} change" if is_larger else ""
        wanted = "" if is_ok else steps[required]
        assert made.versions == (
            VersionPlan(Kind.COMPONENT, "split", "1.0.0", version, required, is_ok, made.versions[0].why, wanted, note),
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
        (ENVIRONMENT, environment(image=PATCHED, version="1.0.1"), Kind.ENVIRONMENT),
        ("data/loans.yaml", data(type="uri_folder", path=".", version="1.0.1"), Kind.DATA),
        (PIPELINE, lending(experiment_name="other", version="1.0.1"), Kind.PIPELINE),
    ],
)
def test_what_the_interface_does_not_show_needs_a_patch(file: str, manifest: Content, kind: Kind) -> None:
    made, problems = _judged({}, {file: manifest})
    assert [(version.kind, version.required, version.is_ok) for version in made.versions] == [(kind, Bump.PATCH, True)]
    assert [problem for problem in problems if problem.code is Code.VERSION_BUMP] == []


def test_an_environment_with_another_base_image_breaks_those_who_use_it() -> None:
    made, problems = _judged({}, {ENVIRONMENT: environment(image="other", conda_file="conda.yaml", version="1.1.0")})
    assert [problem.hint for problem in problems if problem.file == ENVIRONMENT] == [
        "this is a major change; write `version: 2.0.0`"
    ]
    assert made.versions[0].why == ("base image python → other",)


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


# --- versions that tags hold ---

TAG = "component/split/v1.0.0"
Changes = Mapping[str, Content | None]


def _tagged(tags: Mapping[str, Changes], now: Changes, world: World | None = None) -> tuple[Plan, list[Problem]]:
    """The plan of a revision beside tags, each with what differs at its commit from the plain repository."""
    world = world or World()
    for tag, changes in tags.items():
        world.tag(tag, files({**ENFORCED, PIPELINE: None, **changes}))
    made = world.plan(files({**ENFORCED, PIPELINE: None, **now}))
    return made, list(made.problems)


def _split_at(*versions: str) -> dict[str, Changes]:
    """Tags that hold the same but for the number."""
    return {f"component/split/v{each}": {SPLIT: split(version=each)} for each in versions}


def _bumps(made: Plan) -> list[tuple[str | None, str | None, Bump, bool]]:
    return [(version.old, version.new, version.required, version.is_ok) for version in made.versions]


def test_what_agrees_with_its_tag_needs_no_word() -> None:
    made, problems = _tagged({TAG: {}}, {})
    assert (made.versions, problems) == ((), [])


def test_what_agrees_with_its_tag_though_it_lies_elsewhere_needs_no_word() -> None:
    made, problems = _tagged({TAG: {}}, {SPLIT: None, "steps/split.yaml": split(description="Other words")})
    assert (made.versions, problems) == ((), [])


@pytest.mark.parametrize(("file", "changes", "what"), CHANGED_IN_PLACE)
def test_a_version_with_other_content_than_its_tag_is_refused_before_anything_was_applied(
    file: str, changes: dict[str, Content | None], what: str
) -> None:
    kind, name, version = what.replace("`", "").split()
    world = World()
    world.tag(f"{kind}/{name}/v{version}", files({**ENFORCED, **ROOT}))
    made = world.plan(files({**ENFORCED, **ROOT, **changes}))
    problem = next(problem for problem in made.problems if problem.file == file)
    tag = f"{kind}/{name}/v{version}"
    assert (problem.code, problem.is_error, problem.pointer) == (Code.VERSION_MUTATED, True, ("version",))
    assert problem.message.startswith(f"{what} is held by tag {tag} at ")
    commit, _, digests = problem.message.partition(f"{tag} at ")[2].partition(" with other content: ")
    before, _, now = digests.partition(", now ")
    assert len(commit) == len(before) == len(now) == 12
    assert before != now
    assert problem.hint == "a version never changes; write `version: 1.0.1`"
    assert [(version.is_ok, version.wanted) for version in made.versions] == [(False, "1.0.1")]


def test_the_version_to_write_is_one_that_is_not_taken() -> None:
    tags = {**_split_at("1.0.0", "1.0.1", "1.0.2", "1.1.0", "2.0.0"), "component/split/v2.0.1-rc.1": {}}
    _, problems = _tagged(tags, {SPLIT: split(command="split --other")})
    assert [problem.hint for problem in problems] == ["a version never changes; write `version: 1.0.3`"]
    _, problems = _tagged(tags, {SPLIT: split(outputs={}, command="x", version="1.1.1")})
    assert [problem.hint for problem in problems] == ["this is a major change; write `version: 3.0.0`"]


@pytest.mark.parametrize(
    ("version", "now", "bump"),
    [
        ("1.0.1", {"command": "other"}, ("1.0.0", "1.0.1", Bump.PATCH, True)),
        ("1.0.1", {"outputs": {"train": FOLDER, "test": FOLDER}}, ("1.0.0", "1.0.1", Bump.MINOR, False)),
        ("1.1.0", {"outputs": {"train": FOLDER, "test": FOLDER}}, ("1.0.0", "1.1.0", Bump.MINOR, True)),
        ("1.1.0", {"outputs": {}, "command": "x"}, ("1.0.0", "1.1.0", Bump.MAJOR, False)),
        ("2.0.0-rc.1", {"outputs": {}, "command": "x"}, ("1.0.0", "2.0.0-rc.1", Bump.MAJOR, True)),
        ("1.1.0-rc.1", {"outputs": {}, "command": "x"}, ("1.0.0", "1.1.0-rc.1", Bump.MAJOR, False)),
        ("1.0.1-rc.1", {"command": "other"}, ("1.0.0", "1.0.1-rc.1", Bump.PATCH, True)),
    ],
)
def test_a_new_version_is_compared_with_the_tag_before_it(
    version: str, now: dict[str, object], bump: tuple[str, str, Bump, bool]
) -> None:
    made, problems = _tagged({TAG: {}}, {SPLIT: split(version=version, **now)})
    assert _bumps(made) == [bump]
    assert [problem.code for problem in problems] == ([] if bump[3] else [Code.VERSION_BUMP])


def test_in_the_first_versions_the_second_number_is_what_breaks() -> None:
    tags: dict[str, Changes] = {"component/split/v0.2.3": {SPLIT: split(version="0.2.3")}}
    broken = {"outputs": {}, "command": "x"}
    for version, is_ok in (("0.2.4", False), ("0.3.0", True), ("1.0.0", True)):
        made, _ = _tagged(tags, {SPLIT: split(version=version, **broken)})
        assert _bumps(made) == [("0.2.3", version, Bump.MAJOR, is_ok)]
        assert made.versions[0].wanted == ("" if is_ok else "0.3.0")
    made, problems = _tagged(tags, {SPLIT: split(version="0.2.4", outputs={"train": FOLDER, "test": FOLDER})})
    assert (_bumps(made), problems) == ([("0.2.3", "0.2.4", Bump.MINOR, True)], [])


def test_too_large_a_step_is_allowed_with_a_note() -> None:
    made, problems = _tagged({TAG: {}}, {SPLIT: split(version="2.0.0", command="other")})
    assert problems == []
    assert made.versions[0].note == "1.0.1 would do for a patch change"
    made, _ = _tagged({TAG: {}}, {SPLIT: split(version="1.0.1", command="other")})
    assert made.versions[0].note == ""


def test_where_nothing_changed_but_the_version_there_is_a_warning() -> None:
    made, problems = _tagged({TAG: {}}, {SPLIT: split(version="1.1.0")})
    assert _bumps(made) == [("1.0.0", "1.1.0", Bump.NONE, True)]
    [problem] = problems
    assert (problem.code, problem.is_error, problem.file) == (Code.UNNEEDED_BUMP, False, SPLIT)
    assert problem.message == "nothing changed in component `split` from 1.0.0 to 1.1.0 but the version"
    assert problem.hint == "go back to `version: 1.0.0`, or change what you meant to"


def test_other_words_are_a_patch_though_nothing_else_changed() -> None:
    made, problems = _tagged({TAG: {}}, {SPLIT: split(version="1.0.1", description="Other words")})
    assert (_bumps(made), problems) == ([("1.0.0", "1.0.1", Bump.PATCH, True)], [])


def test_what_a_pre_release_announced_is_released_as_it_was() -> None:
    """Nothing changes from the last pre-release to the release, and nothing should."""
    tags = _split_at("1.1.0-rc.1", "1.1.0-rc.2")
    made, problems = _tagged(tags, {SPLIT: split(version="1.1.0")})
    assert (_bumps(made), problems) == ([("1.1.0-rc.2", "1.1.0", Bump.NONE, True)], [])
    candidate: Changes = {SPLIT: split(version="1.1.0-rc.1", command="other")}
    tags = {**_split_at("1.0.0"), "component/split/v1.1.0-rc.1": candidate}
    made, problems = _tagged(tags, {SPLIT: split(version="1.1.0", command="other")})
    assert (_bumps(made), problems) == ([("1.0.0", "1.1.0", Bump.PATCH, True)], [])


def test_each_pre_release_is_compared_with_the_last_release() -> None:
    candidates: dict[str, Changes] = {
        f"component/split/v2.0.0-rc.{number}": {SPLIT: split(version=f"2.0.0-rc.{number}", outputs={}, command="x")}
        for number in (1, 2)
    }
    tags = {**_split_at("1.0.0"), **candidates}
    made, problems = _tagged(tags, {SPLIT: split(version="2.0.0-rc.3", outputs={}, command="y")})
    assert (_bumps(made), problems) == ([("1.0.0", "2.0.0-rc.3", Bump.MAJOR, True)], [])


def test_a_maintenance_release_is_compared_with_its_own_line() -> None:
    newer: Changes = {SPLIT: split(version="2.0.0", outputs={}, command="x")}
    tags = {**_split_at("1.1.4"), "component/split/v2.0.0": newer}
    made, problems = _tagged(tags, {SPLIT: split(version="1.1.5", command="split --mended")})
    assert (_bumps(made), problems) == ([("1.1.4", "1.1.5", Bump.PATCH, True)], [])


def test_a_tag_that_does_not_hold_its_version_is_a_warning_and_hides_none_below() -> None:
    tags: dict[str, Changes] = {**_split_at("1.0.0"), "component/split/v1.0.1": {}}
    made, problems = _tagged(tags, {SPLIT: split(version="1.0.1", outputs={}, command="x")})
    assert _bumps(made) == [("1.0.0", "1.0.1", Bump.MAJOR, False)]
    empty, too_small = problems
    assert (empty.code, empty.file, empty.is_error) == (Code.VERSION_MUTATED, SPLIT, False)
    assert empty.message == (
        "the tag `component/split/v1.0.1` does not hold component `split` 1.0.1: "
        "the manifest there says `version: 1.0.0`"
    )
    assert empty.hint == "have the tag lead to a commit that holds version 1.0.1, or take it away"
    assert too_small.code is Code.VERSION_BUMP


def test_a_tag_that_was_moved_to_where_its_version_is_not_is_refused() -> None:
    world = World()
    world.tag(TAG, files(ENFORCED))
    world.apply(files(ENFORCED))
    for now in ({}, {"README.md": "Other words"}):
        world.tag(TAG, files({**ENFORCED, SPLIT: None}))
        [problem] = world.plan(files({**ENFORCED, **now})).problems
        assert (problem.code, problem.file, problem.is_error) == (Code.VERSION_MUTATED, SPLIT, True)
        assert " holds no component `split`" in problem.message
        world.tag(TAG, files(ENFORCED))
        assert world.plan(files({**ENFORCED, **now})).problems == ()


def test_where_only_tags_count_a_version_is_settled_by_its_tag_alone() -> None:
    world = World()
    now: Changes = {"reconciler.yaml": "registry: tags-only", PIPELINE: None}
    world.tag("environment/sklearn/v1.0.0", files(now))
    for command in ("one", "two"):
        world.apply(files({**now, SPLIT: split(command=command)}))
        assert {name for _, name, _ in world.actual.versions} == {"sklearn"}
    world.tag(TAG, files({**now, SPLIT: split(command="two")}))
    world.apply(files({**now, SPLIT: split(command="two")}))
    assert {name for _, name, _ in world.actual.versions} == {"sklearn", "split"}
    made = world.plan(files({**now, SPLIT: split(command="three")}))
    assert [problem.code for problem in made.problems] == [Code.VERSION_MUTATED]
    world.tag(TAG, None)
    assert world.plan(files({**now, SPLIT: split(command="three")})).problems == ()


def test_a_tag_that_comes_after_its_version_was_applied_settles_nothing_new() -> None:
    world = World()
    world.apply(files(ENFORCED))
    world.tag(TAG, files(ENFORCED))
    made = world.apply(files({**ENFORCED, "README.md": "Other words"}))
    assert (made.versions, made.problems) == ((), ())


MOVED: list[Changes] = [{}, {SPLIT: None}, {SPLIT: split(version="1.1.0", command="other")}]


@pytest.mark.parametrize("now", MOVED)
@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_tag_that_was_moved_is_refused_with_both_digests_and_the_commit(now: Changes, is_restarted: bool) -> None:
    uses = lending({"split": {"component": "azureml:split:1.0.0", "inputs": {"data": "../data"}}}, inputs={})
    world, before = World(), {**ENFORCED, PIPELINE: uses}
    world.tag(TAG, files(before))
    world.apply(files({**before, **now}))
    if is_restarted:
        again = World()
        again.actual = world.actual
        world = again
    world.tag(TAG, files({**before, SPLIT: split(command="split --moved")}))
    made = world.plan(files({**before, **now}))
    mutated = [problem for problem in made.problems if problem.code is Code.VERSION_MUTATED]
    [problem] = mutated
    assert problem.is_error
    assert problem.file == f"{TAG}//{SPLIT}"
    assert problem.message.startswith("component `split` 1.0.0 was applied with other content: ")
    assert f", now {problem.message.partition(', now ')[2][:12]} at {TAG}@sha1:" in problem.message
    assert problem.hint == "have the tag lead where it did, and give the new content a version of its own"
    world.tag(TAG, files(before))
    assert world.plan(files({**before, **now})).problems == ()


def test_a_tag_of_a_version_that_was_never_applied_may_move() -> None:
    world = World()
    world.tag(TAG, files(ENFORCED))
    world.apply(files({**ENFORCED, PIPELINE: None, SPLIT: split(version="1.1.0", command="other")}))
    moved = World()
    moved.actual = replace(world.actual, versions={})
    moved.tag(TAG, files({**ENFORCED, SPLIT: split(command="split --moved")}))
    now: Changes = {**ENFORCED, PIPELINE: None, SPLIT: split(version="1.1.0", command="other")}
    assert [problem.code for problem in moved.plan(files(now)).problems] == []


def test_what_a_version_names_by_path_is_no_version_of_its_own() -> None:
    """In the commit of a tag, its neighbours are as they were at that time, in the middle of being made perhaps."""
    by_path = split(environment="../../environments/sklearn.yaml")
    world = World()
    world.apply(files({**ENFORCED, PIPELINE: None}))
    draft = environment(image="draft", conda_file="conda.yaml")
    world.tag("component/split/v0.9.0", files({SPLIT: {**by_path, "version": "0.9.0"}, ENVIRONMENT: draft}))
    uses = lending({"split": {"component": "azureml:split:0.9.0", "inputs": {"data": "../data"}}}, inputs={})
    made = world.apply(files({**ENFORCED, PIPELINE: uses}))
    assert made.problems == ()
    assert (Kind.COMPONENT, "split", "0.9.0") in world.actual.versions


def test_a_softened_rule_softens_what_is_said_of_tags() -> None:
    warn: Changes = {"reconciler.yaml": "versions: warn"}
    made, problems = _tagged({TAG: {}}, {**warn, SPLIT: split(command="other")})
    assert [problem.code for problem in problems] == [Code.VERSION_MUTATED]
    assert not made.has_errors


_PORTS = st.dictionaries(
    st.sampled_from(["data", "more"]),
    st.sampled_from(
        [FOLDER, {"type": "string"}, {"type": "string", "optional": True}, {"type": "string", "default": ""}]
    ),
)
_CONTENTS = st.fixed_dictionaries(
    {
        "command": st.sampled_from(["one", "two"]),
        "inputs": _PORTS,
        "outputs": st.dictionaries(st.sampled_from(["train", "test"]), st.sampled_from([FOLDER, {"type": "uri_file"}])),
        "code": st.sampled_from([..., "src"]),
        "is_deterministic": st.sampled_from([True, False]),
    }
)


@settings(max_examples=150, deadline=None)
@given(_CONTENTS, _CONTENTS, st.booleans(), st.sampled_from(["one", "two"]))
def test_no_bump_is_needed_exactly_where_the_content_is_the_same(
    before: dict[str, object], now: dict[str, object], is_alike: bool, run: str
) -> None:
    now = before if is_alike else now
    code = "components/split/src/run.py"
    tagged: Changes = {SPLIT: split(**before), code: "one"}
    revision: Changes = {SPLIT: split(**now, version="7.0.0"), code: run}
    world = World()
    world.tag(TAG, files({**ENFORCED, PIPELINE: None, **tagged}))
    made = world.plan(files({**ENFORCED, PIPELINE: None, **revision}))
    desired = [desired_of(files({PIPELINE: None, **each})) for each in (tagged, revision)]
    digests = [ContentDigests().of(each)[SPLIT] for each in desired]
    [(old, new, required, is_ok)] = _bumps(made)
    assert (old, new, is_ok) == ("1.0.0", "7.0.0", True)
    assert (required is Bump.NONE) == (digests[0] == digests[1])
    assert (Code.UNNEEDED_BUMP in [problem.code for problem in made.problems]) == (required is Bump.NONE)
