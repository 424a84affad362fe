"""How steps run: processes, retries, includes, and what has no effect here."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.manifests.fields import Reading
from reconciler.manifests.run_settings import includes_of, no_effect, processes_of, retries_of
from reconciler.model.problems import Code, Pointer, Severity
from reconciler.model.resources import Processes

AT: Pointer = ("jobs", "train")


def processes(written: object, **resources: object) -> tuple[Processes | None, Reading]:
    reading = Reading("pipeline.yaml")
    return processes_of({"distribution": written, "resources": resources}, reading, AT), reading


@pytest.mark.parametrize(
    ("written", "resources", "expected"),
    [
        ({"type": "pytorch"}, {}, Processes("pytorch", 1, 1)),
        ({"type": "PyTorch", "process_count_per_instance": 4}, {"instance_count": 2}, Processes("pytorch", 2, 4)),
        ({"type": "MPI", "process_count_per_instance": 2}, {}, Processes("mpi", 1, 2)),
        ({"type": "tensorflow", "worker_count": 2, "parameter_server_count": 1}, {}, Processes("tensorflow", 3, 1, 1)),
        ({"type": "TensorFlow"}, {"instance_count": 3}, Processes("tensorflow", 3, 1, 0)),
        ({"type": "pytorch", "process_count_per_instance": None}, {"instance_count": None}, Processes("pytorch", 1, 1)),
        (None, {"instance_count": 4}, None),
        ({}, {}, None),
    ],
)
def test_a_distribution_says_how_many_processes_there_are(
    written: object, resources: dict[str, Any], expected: Processes | None
) -> None:
    read, reading = processes(written, **resources)
    assert read == expected
    assert reading.problems == []


def test_more_processes_than_a_machine_bears_are_refused() -> None:
    read, reading = processes({"type": "mpi", "process_count_per_instance": 33}, instance_count=2)
    (problem,) = reading.problems
    assert read is None
    assert (problem.code, problem.pointer) == (Code.INVALID_VALUE, (*AT, "distribution"))
    assert problem.message == "66 processes are asked for, which all run on one machine"


def test_another_type_is_refused_with_those_there_are() -> None:
    read, reading = processes({"type": "ray"})
    assert read is None
    assert reading.problems[0].hint == "write pytorch, mpi or tensorflow"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"retry_settings": {"max_retries": 2}}, 2),
        ({"retry_settings": {"max_retries": 0}}, 0),
        ({"retry_settings": {}}, None),
        ({"retry_settings": None}, None),
        ({}, None),
    ],
)
def test_retries(document: dict[str, Any], expected: int | None) -> None:
    assert retries_of(document) == expected


def test_includes_are_read_once_each_as_they_are_written() -> None:
    reading = Reading("component.yaml")
    document = {"additional_includes": ["../common/", "../common", "file:./a.py", "b.py"]}
    assert includes_of(document, reading, ()) == ("../common", "./a.py", "b.py")
    assert includes_of({"additional_includes": None}, reading, ()) == ()
    assert reading.problems == []


@pytest.mark.parametrize("written", ["/etc", "https://example.org/x", "..\\common", " "])
def test_what_is_no_path_of_the_repository_is_refused_where_it_stands(written: str) -> None:
    reading = Reading("component.yaml")
    assert includes_of({"additional_includes": ["a.py", written]}, reading, ()) == ("a.py",)
    assert [problem.pointer for problem in reading.problems] == [("additional_includes", 1)]


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"services": {"board": {"type": "tensor_board"}}}, ("services",)),
        ({"identity": {"type": "managed"}}, ("identity",)),
        ({"queue_settings": {"job_tier": "spot"}}, ("queue_settings",)),
        ({"resources": {"docker_args": "--ipc=host"}}, ("resources", "docker_args")),
        ({"retry_settings": {"max_retries": 1, "timeout": 60}}, ("retry_settings", "timeout")),
        (
            {"outputs": {"model": {"type": "uri_folder", "path": "azureml://datastores/x/paths/y"}}},
            ("outputs", "model", "path"),
        ),
    ],
)
def test_what_would_surprise_by_doing_nothing_is_a_warning(document: dict[str, Any], pointer: Pointer) -> None:
    reading = Reading("pipeline.yaml")
    no_effect(document, reading, AT)
    (problem,) = reading.problems
    assert (problem.code, problem.severity, problem.pointer) == (Code.NO_EFFECT, Severity.WARNING, (*AT, *pointer))
    assert problem.hint


@pytest.mark.parametrize(
    "document",
    [
        {"compute": "azureml:cpu-cluster", "resources": {"instance_type": "Standard_DS3_v2", "instance_count": 1}},
        {"identity": {"type": "user_identity"}, "services": None, "queue_settings": None},
        {"outputs": {"model": None, "other": {"mode": "upload"}, "bound": "${{parent.outputs.x}}"}},
        {},
    ],
)
def test_what_is_common_and_does_no_harm_is_passed_over(document: dict[str, Any]) -> None:
    reading = Reading("pipeline.yaml")
    no_effect(document, reading, AT)
    assert reading.problems == []
