"""What a run was made of: kept with it, and told in the record of tracking as far as there is room."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.execution.carry_out import new_run, restore
from reconciler.execution.lock_tag import LOCK_TAG, lock_tags
from reconciler.model.manifests import Kind
from reconciler.model.plan import PipelineAction, PipelinePlan
from reconciler.model.releases import Resolution, Skipped

from .diary import Diary
from .place import Place, order
from .repository import Repository, job, writes

SPLIT = Resolution(
    Kind.COMPONENT,
    "split@^1.2",
    "split",
    "1.4.1",
    "component/split/v1.4.1:split.yaml",
    "component/split/v1.4.1",
    "c0ffee",
    "d1",
    (Skipped("2.0.0", "outside the range"),),
)
PYTHON = Resolution(Kind.ENVIRONMENT, "python@latest", "python", "1.0.0", "python.yaml", digest="d2")
TOLD = [
    {
        "kind": "component",
        "reference": "split@^1.2",
        "version": "1.4.1",
        "tag": "component/split/v1.4.1",
        "commit": "c0ffee",
    },
    {"kind": "environment", "reference": "python@latest", "version": "1.0.0"},
]


@pytest.fixture
def diary(tmp_path: Path) -> Diary:
    return Diary(tmp_path / "diary")


@pytest.fixture
def place(open_place: Callable[..., Place], diary: Diary) -> Place:
    return open_place(tracking=diary)


def locked(plan: PipelinePlan, *lock: Resolution) -> PipelinePlan:
    return replace(plan, graph=replace(plan.graph, lock=lock))


def root_tags(diary: Diary, run_id: str) -> dict[str, str]:
    (root,) = diary.named(run_id)
    return dict(root.request.tags)


class TestARun:
    def test_keeps_the_lock_of_its_plan(self, place: Place, repository: Repository, diary: Diary) -> None:
        tree = repository.commit({"draw": job(writes("one"), ("out",))})
        plan, actual = place.plan(tree)
        run = new_run(place.site, locked(plan, SPLIT, PYTHON), actual, tree.objects, order(tree)).go()
        kept = place.state.runs.get(run.id)
        assert kept is not None
        assert kept.lock == (SPLIT, PYTHON)
        assert json.loads(root_tags(diary, run.id)[LOCK_TAG]) == TOLD

    def test_that_is_taken_up_keeps_the_one_that_it_began_with(
        self, place: Place, repository: Repository, diary: Diary
    ) -> None:
        tree = repository.commit({"draw": job(writes("one"), ("out",))})
        plan, actual = place.plan(tree)
        run_id = new_run(place.site, locked(plan, SPLIT, PYTHON), actual, tree.objects, order(tree)).id
        place.take_up(tree).go()
        kept = place.state.runs.get(run_id)
        assert kept is not None
        assert kept.lock == (SPLIT, PYTHON)
        assert json.loads(root_tags(diary, run_id)[LOCK_TAG]) == TOLD

    def test_that_is_restored_has_the_lock_of_the_plan_at_hand(self, place: Place, repository: Repository) -> None:
        old = {"draw": job(writes("old"), ("out",))}
        place.go(repository.commit(old))
        place.go(repository.commit({"draw": job(writes("new"), ("out",))}))
        tree = repository.commit(old)
        plan, _ = place.plan(tree)
        assert plan.action is PipelineAction.RESTORE
        kept = place.state.runs.get(restore(place.site, locked(plan, PYTHON), order(tree)).id)
        assert kept is not None
        assert kept.lock == (PYTHON,)


class TestTheTag:
    def test_is_not_there_where_nothing_is_referred_to(self) -> None:
        assert lock_tags(()) == {}

    @given(
        lock=st.lists(
            st.builds(
                replace,
                st.just(SPLIT),
                reference=st.text(max_size=400),
                tag=st.sampled_from(["", "component/split/v1.4.1"]),
            ),
            min_size=1,
            max_size=300,
        )
    )
    def test_fits_and_says_how_much_it_leaves_out(self, lock: Sequence[Resolution]) -> None:
        tag = lock_tags(lock)[LOCK_TAG]
        assert len(tag) <= 8000
        told = json.loads(tag)
        left_out = told.pop()["more"] if "more" in told[-1] else 0
        assert [each["reference"] for each in told] == [each.reference for each in lock[: len(told)]]
        assert len(told) + left_out == len(lock)

    def test_of_a_thousand_references_tells_the_first(self) -> None:
        *told, more = json.loads(lock_tags([PYTHON] * 1000)[LOCK_TAG])
        assert len(told) > 100
        assert more == {"more": 1000 - len(told)}
