"""A command as several processes of one machine, which find each other by environment variables."""

from __future__ import annotations

import json
import shlex
import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from reconciler.model.resources import Processes

_HOST = "127.0.0.1"
# Each process says its rank and status in a pipe when it ends. The shell that reads them leaves as soon as all workers
# are through, or with the status of the first that failed; what still runs then, the engine ends. A process that holds
# its output open in the background is not waited for longer than two seconds.
_LAUNCHER = """\
command=%(command)s
at=$(mktemp -d) && mkfifo "$at/ended" && exec 3<>"$at/ended" && rm -r "$at" || exit 1
unbuffered=; sed -u p </dev/null >/dev/null 2>&1 && unbuffered=-u
begin() {
  rank=$1; shift
  { env "$@" sh -c "$command" 3>&-; echo "$rank $?" >&3; } 2>&1 | sed $unbuffered "s/^/[$rank] /" 3>&- &
  eval "output_$rank=$!"
}
drain() { { sleep 2; kill $1; } >/dev/null 2>&1 3>&- & timer=$!; wait $1 2>/dev/null; kill $timer 2>/dev/null; }
%(begins)s
left=%(workers)d
while [ $left -gt 0 ]; do
  read -r rank status <&3
  if [ "$status" -ne 0 ]; then
    eval "drain \\$output_$rank"
    echo "-- process $rank ended with status $status, so the others are ended --"
    exit "$status"
  fi
  if [ "$rank" -lt %(workers)d ]; then left=$((left - 1)); fi
done
drain "%(outputs)s"
exit 0
"""


def size_of(processes: Processes) -> int:
    return processes.instances * processes.per_instance


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on at the moment, all different."""
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in taken:
            each.bind((_HOST, 0))
        return [each.getsockname()[1] for each in taken]


def launched(command: str, processes: Processes, ports: Sequence[int]) -> tuple[str, Mapping[str, str]]:
    """The command as all its processes, and the variables that they share.

    Args:
        ports: as many as there are processes, and at least one.
    """
    size = size_of(processes)
    shared = {
        "WORLD_SIZE": str(size),
        "LOCAL_WORLD_SIZE": str(size),
        "NODE_RANK": "0",
        "MASTER_ADDR": _HOST,
        "MASTER_PORT": str(ports[0]),
    }
    if size == 1:
        return command, {**shared, **_own_variables(processes, 0, ports)}
    begins = [
        " ".join(["begin", str(rank), *(shlex.quote(f"{name}={value}") for name, value in own.items())])
        for rank in range(size)
        for own in (_own_variables(processes, rank, ports),)
    ]
    text = _LAUNCHER % {
        "command": shlex.quote(command),
        "begins": "\n".join(begins),
        "workers": size - processes.parameter_servers,
        "outputs": " ".join(f"$output_{rank}" for rank in range(size - processes.parameter_servers)),
    }
    return text, shared


def _own_variables(processes: Processes, rank: int, ports: Sequence[int]) -> dict[str, str]:
    """What tells one process from the others; all are on one machine, so that its rank there is its rank."""
    own = {"RANK": str(rank), "LOCAL_RANK": str(rank)}
    if processes.type == "mpi":
        size = str(size_of(processes))
        own |= {
            "OMPI_COMM_WORLD_RANK": str(rank),
            "OMPI_COMM_WORLD_SIZE": size,
            "OMPI_COMM_WORLD_LOCAL_RANK": str(rank),
            "OMPI_COMM_WORLD_LOCAL_SIZE": size,
        }
    if processes.type == "tensorflow":
        own["TF_CONFIG"] = _tf_config(processes, rank, ports)
    return own


def _tf_config(processes: Processes, rank: int, ports: Sequence[int]) -> str:
    """The workers have the first ranks, the parameter servers those after."""
    addresses = [f"{_HOST}:{port}" for port in ports[: size_of(processes)]]
    workers = size_of(processes) - processes.parameter_servers
    cluster = {"worker": addresses[:workers]} | ({"ps": addresses[workers:]} if processes.parameter_servers else {})
    task = {"type": "worker", "index": rank} if rank < workers else {"type": "ps", "index": rank - workers}
    return json.dumps({"cluster": cluster, "task": task})
