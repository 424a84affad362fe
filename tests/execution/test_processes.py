"""A command as several processes of one machine."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
from pathlib import Path

import pytest

from reconciler.execution.processes import free_ports, launched, size_of
from reconciler.model.resources import Processes
from reconciler.model.runs import RunStatus

from .place import Place, eventually
from .repository import Repository, job

SHOWS = (
    'python -c "import json, os; print(json.dumps({k: v for k, v in os.environ.items() '
    "if k in ('RANK', 'LOCAL_RANK', 'WORLD_SIZE', 'LOCAL_WORLD_SIZE', 'NODE_RANK', 'MASTER_ADDR', 'MASTER_PORT', "
    "'TF_CONFIG') or k.startswith('OMPI_')}))\""
)


def shown(command: str, processes: Processes) -> dict[str, str]:
    """What each process printed, by its prefix."""
    text, shared = launched(command, processes, free_ports(size_of(processes)))
    environment = {**os.environ, **shared}
    said = subprocess.check_output(["sh", "-c", text], env=environment, text=True, timeout=60)
    return dict(line.split(" ", 1) for line in said.splitlines())


def test_pytorch_finds_rank_size_and_master() -> None:
    said = {rank: json.loads(line) for rank, line in shown(SHOWS, Processes("pytorch", 2, 2)).items()}
    assert sorted(said) == ["[0]", "[1]", "[2]", "[3]"]
    assert [said[f"[{rank}]"]["RANK"] for rank in range(4)] == ["0", "1", "2", "3"]
    assert [said[f"[{rank}]"]["LOCAL_RANK"] for rank in range(4)] == ["0", "1", "2", "3"]
    for each in said.values():
        assert (each["WORLD_SIZE"], each["LOCAL_WORLD_SIZE"], each["NODE_RANK"]) == ("4", "4", "0")
        assert each["MASTER_ADDR"] == "127.0.0.1"
    assert len({each["MASTER_PORT"] for each in said.values()}) == 1


def test_mpi_finds_what_open_mpi_would_say() -> None:
    said = json.loads(shown(SHOWS, Processes("mpi", 1, 2))["[1]"])
    assert said["OMPI_COMM_WORLD_RANK"] == said["OMPI_COMM_WORLD_LOCAL_RANK"] == "1"
    assert said["OMPI_COMM_WORLD_SIZE"] == "2"


def test_tensorflow_finds_its_cluster_and_is_over_when_the_workers_are(tmp_path: Path) -> None:
    shown = shlex.quote(str(tmp_path / "shown"))
    serve = f"touch {shown}; sleep 1000 >/dev/null 2>&1"
    work = f"until [ -e {shown} ]; do sleep 0.05; done; sleep 0.5"
    command = f'{SHOWS}; case $TF_CONFIG in *\'"type": "ps"\'*) {serve};; *) {work};; esac'
    text, shared = launched(command, Processes("tensorflow", 3, 1, 1), [7001, 7002, 7003])
    process = subprocess.Popen(
        ["sh", "-c", text], env={**os.environ, **shared}, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.wait(timeout=30) == 0
    os.killpg(process.pid, 9)
    assert process.stdout is not None
    said = dict(line.split(" ", 1) for line in process.stdout.read().splitlines())
    configurations = {rank: json.loads(json.loads(line)["TF_CONFIG"]) for rank, line in said.items()}
    assert configurations["[1]"] == {
        "cluster": {"worker": ["127.0.0.1:7001", "127.0.0.1:7002"], "ps": ["127.0.0.1:7003"]},
        "task": {"type": "worker", "index": 1},
    }
    assert configurations["[2]"]["task"] == {"type": "ps", "index": 0}


def test_one_process_still_finds_the_variables(place: Place, repository: Repository) -> None:
    command = 'echo "$RANK of $WORLD_SIZE at $MASTER_ADDR" > ${{outputs.out}}'
    run = place.go(repository.commit({"train": job(command, ("out",), distribution={"type": "PyTorch"})}))
    assert place.output(run, "train") == "0 of 1 at 127.0.0.1\n"


def test_the_processes_meet_and_share_their_outputs(place: Place, repository: Repository) -> None:
    meets = """python -c "
import os, socket, sys, time
rank, size = int(os.environ['RANK']), int(os.environ['WORLD_SIZE'])
at = os.environ['MASTER_ADDR'], int(os.environ['MASTER_PORT'])
if rank == 0:
    with socket.create_server(at) as server:
        said = sorted(server.accept()[0].recv(9).decode() for _ in range(size - 1))
    open(sys.argv[1], 'w').write(' '.join(said))
else:
    while True:
        try:
            socket.create_connection(at).sendall(b'rank %d' % rank)
            break
        except ConnectionRefusedError:
            time.sleep(0.02)
" ${{outputs.out}}"""
    distribution = {"type": "pytorch", "process_count_per_instance": 3}
    run = place.go(repository.commit({"train": job(meets, ("out",), distribution=distribution)}))
    assert run.error == ""
    assert place.output(run, "train") == "rank 1 rank 2"


def test_the_first_that_fails_ends_the_others(place: Place, repository: Repository, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    command = f'echo $$ >> {pids}; if [ "$RANK" = 1 ]; then echo no luck; exit 3; fi; sleep 1000; true'
    distribution = {"type": "mpi", "process_count_per_instance": 3}
    begun = time.monotonic()
    run = place.go(repository.commit({"train": job(command, distribution=distribution)}))
    assert run.status is RunStatus.FAILED
    assert "exited with status 3" in run.error
    assert "[1] no luck" in run.error
    assert "process 1 ended with status 3" in run.error
    assert time.monotonic() - begun < 60
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids.read_text().split()))


@pytest.mark.parametrize("left", ["sleep 1000 &", "(sleep 1000) & echo begun"])
def test_what_is_left_in_the_background_holds_nothing_up(place: Place, repository: Repository, left: str) -> None:
    distribution = {"type": "mpi", "process_count_per_instance": 2}
    begun = time.monotonic()
    run = place.go(repository.commit({"train": job(left, distribution=distribution)}))
    assert run.status is RunStatus.SUCCEEDED
    assert time.monotonic() - begun < 30


def test_how_many_there_are_makes_it_another_step(place: Place, repository: Repository) -> None:
    for count, status in ((2, "succeeded"), (2, "reused"), (3, "succeeded")):
        distribution = {"type": "mpi", "process_count_per_instance": count}
        run = place.go(repository.commit({"train": job("true", distribution=distribution)}))
        assert place.statuses(run) == {"train": status}
