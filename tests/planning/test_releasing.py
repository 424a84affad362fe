"""What a release tags: which manifests, which versions, in which order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.errors import UsageError
from reconciler.model.problems import Code
from reconciler.planning.after_release import after_release
from reconciler.planning.graph import GraphBuilder
from tests.manifests.documents import component, data, environment, pipeline

from .history import Content
from .release_history import KINDLESS, Released, told

SPLIT = "components/split/component.yaml"
PY = "environments/py.yaml"
LENDING = "pipelines/lending.yaml"
SEED = {"type": "integer", "default": 42}
TEXT = {"type": "string"}


def split(**changes: object) -> dict[str, Any]:
    return component(**{"inputs": {"data": TEXT, "seed": SEED}, "environment": {"image": "python"}, **changes})


def released(**changes: object) -> Released:
    """A repository whose only component is released as 1.0.0."""
    repository = Released({SPLIT: split(**changes)})
    repository.tag("component/split/v1.0.0")
    return repository


REMOVED = {"inputs": {"data": TEXT}}
ADDED = {"inputs": {"data": TEXT, "seed": SEED, "more": {**TEXT, "optional": True}}}


# What is released


def test_first_releases_have_the_versions_that_manifests_say() -> None:
    repository = Released({SPLIT: split(version="1.2.0"), PY: environment(name="py", version="0.3.0")})
    made = repository.release()
    assert told(made) == [("environment/py", None, "0.3.0", "none"), ("component/split", None, "1.2.0", "none")]
    assert [plan.tag for plan in made.plans] == ["environment/py/v0.3.0", "component/split/v1.2.0"]
    assert not any(plan.is_written for plan in made.plans)
    assert [plan.why for plan in made.plans] == [("the first release",)] * 2


def test_what_is_as_tagged_is_not_released_again() -> None:
    assert released().plan().plans == ()


def test_what_is_asked_for_by_name_and_is_as_tagged_is_said_to_be() -> None:
    made = released().plan("split")
    assert made.plans == ()
    assert made.unchanged == ("nothing to release: component split 1.0.0 is as tagged",)


def test_words_are_no_other_content() -> None:
    repository = released()
    repository.change({SPLIT: split(description="Other words"), "README.md": "Other words"})
    assert repository.plan().plans == ()


def test_a_moved_file_is_no_other_content() -> None:
    repository = released()
    repository.change({SPLIT: None, "moved/split.yaml": split()})
    assert repository.plan().plans == ()


def test_code_that_changed_is_other_content() -> None:
    repository = Released({SPLIT: split(code="src"), "components/split/src/run.py": "1"})
    repository.tag("component/split/v1.0.0")
    repository.change({"components/split/src/run.py": "2"})
    made = repository.plan()
    assert told(made) == [("component/split", "1.0.0", "1.0.1", "patch")]
    assert made.plans[0].paths == (SPLIT, "components/split/src")


def test_without_a_version_a_manifest_is_released_only_by_name() -> None:
    repository = Released({SPLIT: split(version=...), LENDING: pipeline()})
    assert repository.plan().plans == ()
    made = repository.release("component/split", "lending")
    assert told(made) == [("component/split", None, "1.0.0", "none"), ("pipeline/lending", None, "1.0.0", "none")]
    assert all(plan.is_written and not plan.has_version for plan in made.plans)
    assert repository.plan().plans == ()


def test_schedules_and_computes_are_not_released() -> None:
    trigger = {"type": "cron", "expression": "0 6 * * *"}
    schedule = {"name": "nightly", "trigger": trigger, "create_job": "../pipelines/lending.yaml", "version": "1.0.0"}
    compute = {"name": "cluster", "type": "amlcompute", "version": "1.0.0"}
    files: dict[str, Content] = {LENDING: pipeline(), "schedules/nightly.yaml": schedule, "compute.yaml": compute}
    assert Released(files).plan().plans == ()
    with pytest.raises(UsageError, match="no kind `schedule` that is released"):
        Released(files).plan("schedule/nightly")


def test_a_model_with_a_version_is_released() -> None:
    model = {"name": "logit", "version": "1.0.0", "type": "custom_model", "path": "logit.bin"}
    assert told(Released({"logit.yaml": model, "logit.bin": "1"}).plan()) == [("model/logit", None, "1.0.0", "none")]


# Versions


@pytest.mark.parametrize(
    ("changes", "new", "required", "why"),
    [
        ({"command": "other"}, "1.0.1", "patch", ("other content than 1.0.0",)),
        (ADDED, "1.1.0", "minor", ("other content than 1.0.0", "optional input more added")),
        (REMOVED, "2.0.0", "major", ("other content than 1.0.0", "input seed removed")),
    ],
)
def test_other_content_under_a_version_gets_the_version_that_is_required(
    changes: dict[str, object], new: str, required: str, why: tuple[str, ...]
) -> None:
    repository = released()
    repository.change({SPLIT: split(**changes)})
    made = repository.release()
    assert told(made) == [("component/split", "1.0.0", new, required)]
    assert made.plans[0].is_written
    assert made.plans[0].why == why
    assert repository.judged() == ()


def test_the_changelog_begins_at_the_version_before_and_lists_each_change_with_its_bump() -> None:
    repository = released()
    before = repository.desired().releases
    repository.change({SPLIT: split(inputs={"data": TEXT, "more": SEED})})
    plan = repository.plan().plans[0]
    assert plan.changes == ("major: input seed removed", "minor: optional input more added")
    assert [plan.since] == [release.commit for releases in before.values() for release in releases]


@pytest.mark.parametrize(
    ("changes", "version"),
    [
        ({"command": "other"}, "1.0.1"),
        ({"command": "other"}, "1.1.0"),
        ({"command": "other"}, "7.0.0"),
        (ADDED, "1.1.0"),
        (ADDED, "1.2.3"),
        (REMOVED, "2.0.0"),
        (REMOVED, "2.0.0-rc.1"),
    ],
)
def test_a_version_by_hand_that_is_enough_stays(changes: dict[str, object], version: str) -> None:
    repository = released()
    repository.change({SPLIT: split(**changes, version=version)})
    made = repository.release()
    assert [(plan.new, plan.is_written) for plan in made.plans] == [(version, False)]
    assert repository.plan().plans == ()


def test_a_version_by_hand_that_is_too_small_is_replaced() -> None:
    repository = released()
    repository.change({SPLIT: split(**REMOVED, version="1.0.1")})
    made = repository.release()
    assert told(made) == [("component/split", "1.0.0", "2.0.0", "major")]
    assert made.plans[0].why == ("1.0.1 is too small a step from 1.0.0", "input seed removed")
    assert repository.judged() == ()


def test_a_version_by_hand_of_what_did_not_change_is_released_and_said_to_be() -> None:
    repository = released()
    repository.change({SPLIT: split(version="1.1.0")})
    made = repository.release()
    assert told(made) == [("component/split", "1.0.0", "1.1.0", "none")]
    assert made.plans[0].why == ("nothing changed since 1.0.0 but the version",)


def test_a_version_that_exists_is_never_given() -> None:
    repository = released()
    for version in ("1.0.1", "1.0.2", "2.0.0"):
        repository.change({SPLIT: split(version=version, command=version)})
        repository.tag(f"component/split/v{version}")
    repository.change({SPLIT: split(command="maintained")})
    assert told(repository.plan()) == [("component/split", "1.0.0", "1.0.3", "patch")]
    repository.change({SPLIT: split(**REMOVED)})
    assert told(repository.plan()) == [("component/split", "1.0.0", "3.0.0", "major")]


def test_a_version_that_another_file_says_is_not_given_either() -> None:
    repository = released()
    repository.change({SPLIT: split(command="other"), "next.yaml": split(version="1.0.1", command="third")})
    made = repository.release()
    assert {(plan.file, plan.new) for plan in made.plans} == {(SPLIT, "1.0.2"), ("next.yaml", "1.0.1")}
    assert repository.judged() == ()


def test_copies_of_a_manifest_get_the_same_version() -> None:
    repository = Released({SPLIT: split(), "z.yaml": split()})
    repository.tag("component/split/v1.0.0")
    repository.change({SPLIT: split(command="other"), "z.yaml": split(command="other")})
    made = repository.release()
    assert [(plan.file, plan.copies) for plan in made.plans] == [(SPLIT, ("z.yaml",))]
    assert repository.plan().plans == ()
    assert repository.judged() == ()


def test_maintenance_of_an_old_version_goes_on_beside_the_new_one() -> None:
    repository = released()
    repository.change({SPLIT: split(**REMOVED, version="2.0.0")})
    repository.release()
    repository.change({SPLIT: split(version="1.0.1", command="fixed")})
    assert told(repository.plan()) == [("component/split", "1.0.0", "1.0.1", "patch")]


def test_in_0_y_z_the_second_number_is_what_breaks() -> None:
    repository = Released({SPLIT: split(version="0.4.1")})
    repository.release()
    repository.change({SPLIT: split(version="0.4.1", **REMOVED)})
    assert told(repository.plan()) == [("component/split", "0.4.1", "0.5.0", "major")]


# --bump


@pytest.mark.parametrize(
    ("bump", "changes", "new"),
    [("patch", {}, "1.0.1"), ("minor", {}, "1.1.0"), ("major", {}, "2.0.0"), ("major", ADDED, "2.0.0")],
)
def test_a_bump_is_at_least_what_is_wanted(bump: str, changes: dict[str, object], new: str) -> None:
    repository = released()
    repository.change({SPLIT: split(command="other", **changes)})
    assert [plan.new for plan in repository.release(bump=bump).plans] == [new]
    assert repository.judged() == ()


def test_a_bump_raises_a_smaller_version_by_hand_and_leaves_a_larger_one() -> None:
    repository = released()
    repository.change({SPLIT: split(command="other", version="1.0.1")})
    assert [plan.new for plan in repository.plan(bump="minor").plans] == ["1.1.0"]
    repository.change({SPLIT: split(command="other", version="3.0.0")})
    assert [plan.new for plan in repository.plan(bump="minor").plans] == ["3.0.0"]


def test_a_bump_that_is_too_small_is_refused_with_the_reasons() -> None:
    repository = released()
    repository.change({SPLIT: split(**REMOVED)})
    with pytest.raises(UsageError) as refused:
        repository.plan(bump="minor")
    assert refused.value.message == (
        "`--bump minor` is too small: component split needs a major step (input seed removed)"
    )
    assert refused.value.hint == "leave `--bump` out, and each gets the version that it needs"


def test_a_bump_releases_nothing_that_is_as_tagged() -> None:
    assert released().plan("split", bump="major").plans == ()


def test_pre_releases_are_counted_until_a_person_says_that_it_is_final() -> None:
    repository = released()
    repository.change({SPLIT: split(**ADDED)})
    assert told(repository.release(bump="pre")) == [("component/split", "1.0.0", "1.1.0-rc.1", "minor")]
    assert repository.plan(bump="pre").plans == ()
    repository.change({SPLIT: split(**ADDED, version="1.1.0-rc.1", command="other")})
    assert told(repository.release(bump="pre")) == [("component/split", "1.1.0-rc.1", "1.1.0-rc.2", "minor")]
    repository.change({SPLIT: split(**ADDED, version="1.1.0-rc.2", command="third")})
    assert told(repository.release()) == [("component/split", "1.1.0-rc.2", "1.1.0-rc.3", "minor")]
    assert "`--bump patch`" in repository.plan("split").unchanged[0]
    made = repository.plan("split", bump="minor")
    assert told(made) == [("component/split", "1.0.0", "1.1.0", "minor")]
    assert made.plans[0].why == ("1.1.0-rc.3 as it is", "optional input more added")
    repository.change({SPLIT: split(**ADDED, version="1.1.0", command="third")})
    assert told(repository.release()) == [("component/split", "1.0.0", "1.1.0", "minor")]
    assert repository.judged() == ()


def test_a_pre_release_goes_on_to_what_is_required_by_then() -> None:
    repository = released()
    repository.change({SPLIT: split(**ADDED, version="1.1.0-rc.1")})
    repository.release()
    repository.change({SPLIT: split(**REMOVED, version="1.1.0-rc.1")})
    assert told(repository.release()) == [("component/split", "1.1.0-rc.1", "2.0.0-rc.1", "major")]
    assert repository.judged() == ()


def test_pre_releases_with_another_word_keep_it() -> None:
    repository = released()
    repository.change({SPLIT: split(**ADDED, version="1.1.0-beta.4")})
    repository.release()
    repository.change({SPLIT: split(**ADDED, version="1.1.0-beta.4", command="other")})
    assert [plan.new for plan in repository.plan(bump="pre").plans] == ["1.1.0-beta.5"]


def test_the_first_release_may_be_a_pre_release() -> None:
    made = Released({SPLIT: split(version="1.0.0")}).plan(bump="pre")
    assert [(plan.new, plan.is_written) for plan in made.plans] == [("1.0.0-rc.1", True)]


# Tags that alone hold the versions


def test_where_tags_alone_hold_versions_none_is_written() -> None:
    repository = Released({"reconciler.yaml": KINDLESS, SPLIT: split(version=...)})
    repository.tag("split@v1.0.0")
    assert repository.plan().plans == ()
    repository.change({SPLIT: split(version=..., **ADDED)})
    made = repository.release()
    assert told(made) == [("component/split", "1.0.0", "1.1.0", "minor")]
    assert [(plan.tag, plan.is_written) for plan in made.plans] == [("split@v1.1.0", False)]
    assert repository.plan().plans == ()
    assert repository.plan("split").unchanged == ("nothing to release: component split 1.1.0 is as tagged",)


def test_a_name_that_is_asked_for_gets_its_version_written_all_the_same() -> None:
    repository = Released({SPLIT: split(version=...)})
    repository.tag("component/split/v1.0.0")
    repository.change({SPLIT: split(version=..., command="other")})
    assert [(plan.new, plan.is_written) for plan in repository.plan().plans] == [("1.0.1", False)]
    assert [(plan.new, plan.is_written) for plan in repository.plan("split").plans] == [("1.0.1", True)]


def test_the_pattern_of_the_repository_is_used() -> None:
    repository = Released({"reconciler.yaml": {"tags": "ml/{kind}-{name}-{version}"}, SPLIT: split()})
    assert [plan.tag for plan in repository.release().plans] == ["ml/component-split-1.0.0"]
    assert repository.plan().plans == ()


def test_where_tags_do_not_say_the_kind_two_of_a_name_do_not_get_one_tag() -> None:
    repository = Released({"reconciler.yaml": KINDLESS, SPLIT: split(), PY: environment(name="split")})
    made = repository.plan()
    assert [plan.kind for plan in made.plans] == ["environment"]
    assert made.left_out == ("component split cannot be released: `split@v1.0.0` is the tag of environment split too",)


def test_a_name_that_no_tag_can_have_is_left_out() -> None:
    repository = Released({SPLIT: split(), "odd.yaml": split(name="_split")})
    made = repository.plan()
    assert told(made) == [("component/split", None, "1.0.0", "none")]
    assert made.left_out == (
        "component _split cannot be released: nobody could read its name off the tag `component/_split/v1.0.0`",
    )
    with pytest.raises(UsageError, match="cannot be released"):
        repository.plan("_split")


def test_a_tag_that_leads_to_something_else_counts_as_taken_and_is_named() -> None:
    repository = Released({SPLIT: split(version="1.0.0")})
    repository.tag("component/split/v1.1.0")
    repository.change({SPLIT: split(version="1.1.0", **ADDED)})
    made = repository.plan()
    assert [(plan.old, plan.new) for plan in made.plans] == [("1.1.0", "1.1.1")]
    assert made.plans[0].note == (
        "the tag component/split/v1.1.0 cannot be used: the manifest there says `version: 1.0.0`"
    )


# Arguments


@pytest.mark.parametrize(
    ("argument", "message", "hint"),
    [
        ("spilt", "nothing here is called `spilt`", "did you mean `split`?"),
        ("component/spilt", "there is no component `spilt`", "did you mean `component/split`?"),
        ("environment/split", "there is no environment `split`", "did you mean `environment/shared`?"),
        ("compnent/split", "there is no kind `compnent` that is released", "did you mean `component`?"),
        ("zzz", "nothing here is called `zzz`", "name a manifest that is committed, as KIND/NAME"),
        ("shared", "there are several of the name `shared`", "say `component/shared` or `environment/shared`"),
        ("unnamed", "the component has no `name:`", "add one, such as `name: unnamed`: a version belongs to a name"),
    ],
)
def test_arguments_that_name_nothing_or_too_much_say_what_to_write(argument: str, message: str, hint: str) -> None:
    repository = Released(
        {
            SPLIT: split(),
            "a.yaml": split(name="shared"),
            "b.yaml": environment(name="shared"),
            "unnamed.yaml": split(name=..., version=...),
        }
    )
    with pytest.raises(UsageError) as refused:
        repository.plan(argument)
    assert (refused.value.message, refused.value.hint) == (message, hint)


def test_a_kind_may_stand_in_the_plural_and_a_manifest_be_named_twice() -> None:
    repository = Released({SPLIT: split(), PY: environment(name="py")})
    assert told(repository.plan("components/split", "split")) == [("component/split", None, "1.0.0", "none")]


def test_two_files_of_a_name_without_a_version_cannot_be_told_apart() -> None:
    repository = Released({"a.yaml": split(version=...), "b.yaml": split(version=..., command="other")})
    with pytest.raises(UsageError, match=r"stands in a\.yaml and in b\.yaml"):
        repository.plan("split")


# The order, and what stays behind


def test_what_others_name_comes_before_them() -> None:
    nested = component(
        **{
            "$schema": "https://azuremlschemas.azureedge.net/latest/pipelineComponent.schema.json",
            "name": "a_part",
            "command": ...,
            "environment": ...,
            "jobs": {"s": {"component": "azureml:z_split@latest", "inputs": {"data": "x"}}},
        }
    )
    files: dict[str, Content] = {
        "1.yaml": pipeline({"part": {"component": "../2.yaml"}}, name="a_pipeline", version="1.0.0"),
        "2.yaml": nested,
        "3.yaml": split(name="z_split", environment="azureml:z_env@latest"),
        "4.yaml": split(name="b_split"),
        "5.yaml": environment(name="z_env"),
        "6.yaml": data(name="z_data", path="6.yaml"),
    }
    files["1.yaml"] = pipeline({"part": {"component": "./2.yaml"}}, name="a_pipeline", version="1.0.0")
    made = Released(files).plan()
    assert [plan.name for plan in made.plans] == ["z_env", "z_data", "b_split", "z_split", "a_part", "a_pipeline"]


def test_who_pins_the_version_before_is_told() -> None:
    repository = released()
    pinned = pipeline({"s": {"component": "azureml:split:1.0.0", "inputs": {"data": "x"}}})
    free = pipeline({"s": {"component": "azureml:split@^1.0", "inputs": {"data": "x"}}}, name="free")
    repository.change({SPLIT: split(command="other"), LENDING: pinned, "free.yaml": free})
    assert [plan.note for plan in repository.plan().plans] == [
        "pipeline lending pins 1.0.0 (`reconciler upgrade lending` raises that)"
    ]
    repository.change({"more.yaml": {**pinned, "name": "more"}})
    assert [plan.note for plan in repository.plan().plans] == [
        "pipeline more, pipeline lending pin 1.0.0 (`reconciler upgrade --all` raises that)"
    ]


# The revision after it


def test_a_reference_to_a_version_that_is_replaced_leads_nowhere_afterwards() -> None:
    repository = released()
    pinned = pipeline({"s": {"component": "azureml:split:1.0.1", "inputs": {"data": "x"}}})
    repository.change({SPLIT: split(**REMOVED, version="1.0.1"), LENDING: pinned})
    desired = repository.desired()
    assert GraphBuilder().build(desired)[1] == []
    found = GraphBuilder().build(after_release(desired, repository.plan().plans))[1]
    assert [problem.code for problem in found] == [Code.UNRESOLVED_REFERENCE]
    assert found[0].hint == "there are: 1.0.0, 2.0.0"


def test_where_only_tags_count_a_release_mends_what_refers_to_it() -> None:
    uses = pipeline({"s": {"component": "azureml:split@^1.0", "inputs": {"data": "x"}}})
    repository = Released({"reconciler.yaml": {"registry": "tags-only"}, SPLIT: split(), LENDING: uses})
    desired = repository.desired()
    assert [problem.code for problem in GraphBuilder().build(desired)[1]] == [Code.UNRESOLVED_REFERENCE]
    assert GraphBuilder().build(after_release(desired, repository.plan().plans))[1] == []


def test_a_tag_that_does_not_say_its_kind_may_be_taken_for_a_version_of_something_else() -> None:
    uses = pipeline({"s": {"component": "azureml:split@latest", "inputs": {"data": "x"}}})
    files: dict[str, Content] = {
        "reconciler.yaml": KINDLESS,
        SPLIT: split(),
        "data.yaml": data(name="split", version="2.0.0", path="data.yaml"),
        LENDING: uses,
    }
    repository = Released(files)
    desired = repository.desired()
    foreseen = GraphBuilder().build(after_release(desired, repository.plan().plans))[1]
    repository.release()
    assert foreseen == GraphBuilder().build(repository.desired())[1]
    assert [problem.message for problem in foreseen] == [
        "the tag `split@v2.0.0` cannot be used: the manifest there says `version: 1.0.0`"
    ]


# Properties

VERSIONS = ("1.0.0", "1.0.1", "1.1.0", "2.0.0", "1.1.0-rc.1", "0.2.0", ...)
INPUTS = ({"data": TEXT}, {"data": TEXT, "seed": SEED}, {"data": {"type": "uri_file"}}, {"more": SEED})


@st.composite
def revisions(draw: st.DrawFn) -> dict[str, Content]:
    """What a person may leave in the files, with versions raised or not."""
    version = st.sampled_from(VERSIONS)
    packages = draw(st.sampled_from(["pandas==1.5", "pandas==2.1"]))
    return {
        SPLIT: split(
            version=draw(version),
            inputs=draw(st.sampled_from(INPUTS)),
            command=draw(st.sampled_from(["a", "b"])),
            environment="azureml:py@latest",
        ),
        PY: environment(name="py", version=draw(version), conda_file={"dependencies": [{"pip": [packages]}]}),
        LENDING: pipeline({"s": {"component": "azureml:split@latest"}}, version=draw(version), display_name="x"),
        "again.yaml": split(name="again", version=draw(version), command=draw(st.sampled_from(["a", "b"]))),
    }


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(revisions(), st.sampled_from(["auto", "auto", "pre", "major"])), min_size=1, max_size=5),
    st.sampled_from([{}, KINDLESS]),
)
def test_after_a_release_nothing_is_left_to_release_and_no_version_is_wrong(
    history: list[tuple[dict[str, Content], str]], config: dict[str, str]
) -> None:
    repository = Released({"reconciler.yaml": config})
    for files, bump in history:
        repository.change(files)
        before = repository.desired()
        made = repository.release(bump=bump)
        assert len(repository.tags) == len(set(repository.tags))
        again = repository.plan()
        assert again.plans == ()
        assert [problem for problem in repository.judged() if problem.is_error] == []
        expected, now = after_release(before, made.plans), repository.desired()
        assert {key: [each.version for each in some] for key, some in expected.releases.items()} == {
            key: [each.version for each in some] for key, some in now.releases.items()
        }
        assert {file: each.version for file, each in expected.manifests.items()} == {
            file: each.version for file, each in now.manifests.items()
        }
        names = ("split", "py", "lending", "again")
        repository.release(*names)
        assert repository.plan(*names).plans == ()
