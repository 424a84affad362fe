"""`resources:` of jobs and components: what a step asks of the machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.problems import Code, Pointer
from reconciler.model.resources import Resources

from .documents import component, pipeline, sweep
from .repository import component_of, pipeline_of, place, problem_of, problems_of, where

WHOLE = {
    "memory": "4Gi",
    "cpus": 1.5,
    "shm_size": "512m",
    "gpus": 2,
    "network": "bridge",
    "instance_count": 1,
    "instance_type": "Standard_DS3_v2",
}
READ = Resources(memory=4 << 30, cpus=1.5, shared_memory=512 << 20, gpus=2, network="bridge")


def of_job(written: object) -> dict[str, Any]:
    return pipeline({"a": {"component": "./a.yaml", "resources": written}})


def of_command(written: object) -> dict[str, Any]:
    return pipeline({"a": {"command": "ls", "environment": {"image": "python"}, "resources": written}})


def of_sweep(written: object) -> dict[str, Any]:
    return pipeline({"a": sweep(resources=written)})


def of_inline_component(written: object) -> dict[str, Any]:
    return pipeline({"a": {"component": component(name=..., version=..., resources=written)}})


def of_component(written: object) -> dict[str, Any]:
    return component(resources=written)


def resources_of_job(written: object) -> Resources | None:
    (job,) = pipeline_of(of_job(written)).jobs
    return job.resources


PLACES: list[tuple[Callable[[object], dict[str, Any]], Pointer]] = [
    (of_job, ("jobs", "a", "resources")),
    (of_command, ("jobs", "a", "resources")),
    (of_sweep, ("jobs", "a", "resources")),
    (of_inline_component, ("jobs", "a", "component", "resources")),
    (of_component, ("resources",)),
]


def test_every_field_of_a_job_is_read() -> None:
    assert resources_of_job(WHOLE) == READ


@pytest.mark.parametrize("document", [of_command, of_sweep])
def test_every_kind_of_job_may_ask(document: Callable[[object], dict[str, Any]]) -> None:
    (job,) = pipeline_of(document(WHOLE)).jobs
    assert job.resources == READ


def test_a_component_may_ask_for_all_steps_that_use_it() -> None:
    assert component_of(of_component(WHOLE)).resources == READ


def test_a_component_that_stands_in_a_job_may_ask_too() -> None:
    (job,) = pipeline_of(of_inline_component(WHOLE)).jobs
    assert job.resources is None
    assert getattr(job.component, "resources", None) == READ


@pytest.mark.parametrize(
    "written", [None, {}, {"instance_count": 2, "instance_type": "Standard_DS3_v2"}, {"memory": None}, {"gpus": 0}]
)
def test_who_asks_for_nothing_that_means_something_here_asks_for_nothing(written: object) -> None:
    assert resources_of_job(written) is None
    assert component_of(of_component(written)).resources is None


@pytest.mark.parametrize(
    ("written", "size"), [("4Gi", 4 << 30), ("2g", 2 << 30), ("512m", 512 << 20), (1048576, 1 << 20), ("100k", 102400)]
)
def test_a_size_is_read_as_azure_docker_and_kubernetes_write_it(written: object, size: int) -> None:
    assert resources_of_job({"memory": written, "shm_size": written}) == Resources(memory=size, shared_memory=size)


@pytest.mark.parametrize(("document", "pointer"), PLACES)
@pytest.mark.parametrize("key", ["memory", "shm_size"])
@pytest.mark.parametrize("written", ["lots", "4X", "", "0", "-4Gi", 0, -1])
def test_a_size_that_is_none_is_refused_at_its_place(
    document: Callable[[object], dict[str, Any]], pointer: Pointer, key: str, written: object
) -> None:
    problem = problem_of(document({key: written}))
    assert (problem.code, problem.pointer) == (Code.INVALID_VALUE, (*pointer, key))
    assert problem.message == f"`{key}` is {written!r}, which is not a size"
    assert problem.hint == "write a size such as `4Gi` or `512m`"
    assert problem.is_error


def test_a_size_beyond_all_memory_is_refused_like_any_other() -> None:
    assert problem_of(of_job({"memory": "9" * 400 + "Gi"})).code is Code.INVALID_VALUE


@pytest.mark.parametrize(("document", "pointer"), PLACES)
@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("memory", [1]),
        ("memory", 1.5),
        ("cpus", "two"),
        ("cpus", 0),
        ("cpus", -1),
        ("gpus", -1),
        ("gpus", 0.5),
        ("gpus", "all"),
        ("network", ""),
        ("network", ["bridge"]),
        ("instance_count", "many"),
    ],
)
def test_a_value_of_another_kind_is_refused_at_its_place(
    document: Callable[[object], dict[str, Any]], pointer: Pointer, key: str, written: object
) -> None:
    problem = problem_of(document({key: written}))
    assert (problem.code, problem.pointer) == (Code.INVALID_VALUE, (*pointer, key))
    assert problem.hint


@pytest.mark.parametrize("document", [document for document, _ in PLACES])
@pytest.mark.parametrize("written", ["4Gi", ["4Gi"], 4])
def test_resources_that_are_no_mapping_are_refused(
    document: Callable[[object], dict[str, Any]], written: object
) -> None:
    assert {problem.code for problem in problems_of(document(written))} == {Code.INVALID_VALUE}


def test_a_wrong_size_is_shown_at_its_line() -> None:
    text = "type: pipeline\njobs:\n  a:\n    component: ./a.yaml\n    resources:\n      cpus: 2\n      memory: lots\n"
    assert where(problem_of(text)) == place(text, "memory:")


def test_all_wrong_sizes_are_told_at_once() -> None:
    jobs = {name: {"component": "./a.yaml", "resources": {"memory": "lots", "shm_size": "few"}} for name in "ab"}
    assert [problem.pointer[1::2] for problem in problems_of(pipeline(jobs))] == [
        *[("a", "memory"), ("a", "shm_size"), ("b", "memory"), ("b", "shm_size")]
    ]


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "memory": st.none() | st.text(max_size=8) | st.integers(-10, 10**12),
            "cpus": st.floats(0.01, 256) | st.integers(1, 256),
            "shm_size": st.none() | st.text(max_size=8) | st.integers(-10, 10**12),
            "gpus": st.integers(0, 16),
            "network": st.text("abc-_0", min_size=1, max_size=8),
        },
    )
)
def test_whatever_is_asked_for_is_read_or_refused_but_never_forgotten(written: dict[str, Any]) -> None:
    problems = problems_of(of_job(written))
    sizes = {key for key in ("memory", "shm_size") if written.get(key) is not None}
    refused = {str(problem.pointer[-1]) for problem in problems}
    assert refused <= sizes
    if not refused:
        read = resources_of_job(written) or Resources()
        assert (read.cpus, read.gpus, read.network) == (
            written.get("cpus"),
            written.get("gpus", 0),
            written.get("network"),
        )
        assert {"memory": read.memory is not None, "shm_size": read.shared_memory is not None} == {
            key: key in sizes for key in ("memory", "shm_size")
        }
