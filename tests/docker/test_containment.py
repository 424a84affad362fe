"""What a step in a container cannot do, and what it may take."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.containers.connection import Connection
from reconciler.engines.base import ExitReason
from reconciler.engines.docker import DockerEngine
from reconciler.model.configuration import Allowance, DockerSettings, StepSettings
from reconciler.model.errors import EngineError
from reconciler.model.resources import Resources

from .engine import BASE
from .tasks import Bench


def test_a_step_is_not_root(bench: Bench) -> None:
    uid = 65534 if os.geteuid() == 0 else os.geteuid()
    assert bench.said("id -u") == f"{uid}\n"


def test_what_a_step_writes_can_be_taken_over(bench: Bench) -> None:
    task = bench.task("mkdir -p outputs/model/deep && echo 1 > outputs/model/deep/weights")
    assert bench.run(task).reason is ExitReason.COMPLETED
    moved = task.folder.parent / "moved"
    (task.folder / "outputs" / "model").rename(moved)
    assert (moved / "deep" / "weights").read_text() == "1\n"


def test_a_step_has_no_capabilities_and_can_gain_none(bench: Bench) -> None:
    status = dict(line.split(":\t") for line in bench.said("grep -E 'Cap|NoNewPrivs' /proc/self/status").splitlines())
    assert status.pop("NoNewPrivs") == "1"
    assert {int(mask, 16) for mask in status.values()} == {0}


def test_the_image_cannot_be_written_to_but_tmp_can(bench: Bench) -> None:
    said = bench.said("touch /etc/new 2>&1; touch /tmp/new && echo there; df /tmp | tail -n 1")
    assert "Read-only file system" in said
    assert "there" in said
    assert said.splitlines()[-1].startswith("tmpfs")


def test_a_step_sees_no_network(bench: Bench) -> None:
    assert bench.said("ls /sys/class/net") == "lo\n"


def test_a_step_cannot_start_processes_without_end(
    connection: Connection, settings: DockerSettings, state_id: str, tmp_path: Path
) -> None:
    few = replace(settings, steps=StepSettings(processes=16))
    bench = Bench(DockerEngine(connection, few, state_id), tmp_path)
    task = bench.task("i=0; while [ $i -lt 40 ]; do sleep 5 & i=$((i+1)); done")
    assert bench.run(task).reason is ExitReason.FAILED
    assert "fork" in task.log.read_text()


def test_a_step_that_takes_more_memory_than_its_limit_is_told_so(bench: Bench) -> None:
    task = replace(
        bench.task("python3 -c 'x = bytearray(300 << 20); print(len(x))'", resources=Resources(memory=64 << 20)),
        environment=BASE,
    )
    ended = bench.run(task)
    assert (ended.reason, ended.message) == (ExitReason.OUT_OF_MEMORY, "ran out of its memory of 64 MiB")


def test_limits_are_those_of_the_job_or_else_of_the_operator(
    connection: Connection, settings: DockerSettings, state_id: str, tmp_path: Path
) -> None:
    chosen = StepSettings(defaults=Resources(memory=256 << 20, cpus=1.0), allowed=Allowance(memory=512 << 20))
    bench = Bench(DockerEngine(connection, replace(settings, steps=chosen), state_id), tmp_path)
    for asked, memory in ((Resources(), 256 << 20), (Resources(memory=512 << 20), 512 << 20)):
        handle = bench.engine.start(bench.task("sleep 30", resources=asked))
        limits = connection.api.inspect_container(handle)["HostConfig"]
        bench.engine.cancel(handle)
        assert (limits["Memory"], limits["MemorySwap"], limits["NanoCpus"]) == (memory, memory, 1_000_000_000)


def test_more_than_the_operator_allows_is_refused_before_anything_is_made(bench: Bench) -> None:
    with pytest.raises(EngineError, match="asks for the network `bridge`, allowed here: none") as refused:
        bench.engine.start(bench.task("true", resources=Resources(network="bridge")))
    assert "docker.steps.allow.networks" in (refused.value.hint or "")


def test_a_network_that_the_operator_allows_is_joined(
    connection: Connection, settings: DockerSettings, state_id: str, tmp_path: Path
) -> None:
    open_to = replace(settings, steps=StepSettings(allowed=Allowance(networks=frozenset({"host"}))))
    bench = Bench(DockerEngine(connection, open_to, state_id), tmp_path)
    own = sorted(path.name for path in Path("/sys/class/net").iterdir())
    said = bench.said("ls /sys/class/net", resources=Resources(network="host"))
    assert set(own) <= set(said.split())
