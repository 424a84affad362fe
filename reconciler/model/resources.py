"""What a step asks of the machine that it runs on; none of it can change a result."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?\s*", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_LARGEST, _LONGEST = (1 << 63) - 1, 40
_NAMES = ("bytes", "KiB", "MiB", "GiB", "TiB")


@dataclass(frozen=True, slots=True)
class Resources:
    """Limits and wishes; None where nothing is asked for.

    Attributes:
        memory: bytes.
        cpus: processors, fractions allowed.
        shared_memory: bytes of /dev/shm.
        gpus: how many, 0 for none.
        network: name of a network of the engine.
    """

    memory: int | None = None
    cpus: float | None = None
    shared_memory: int | None = None
    gpus: int = 0
    network: str | None = None


@dataclass(frozen=True, slots=True)
class Processes:
    """The processes that a distributed step consists of (Azure ML's `distribution`); all of them on one machine.

    Attributes:
        type: `pytorch`, `mpi` or `tensorflow`.
        instances: the machines that Azure would take; here they share one.
        per_instance: processes of each.
        parameter_servers: of TensorFlow, how many serve parameters; the others are workers.
    """

    type: str
    instances: int = 1
    per_instance: int = 1
    parameter_servers: int = 0


def parse_size(text: str | int) -> int:
    """Bytes of `4Gi`, `512m` or `2g`, as Kubernetes and Docker write them; a unit is always a power of 1,024.

    Raises:
        ValueError: the text is no size, zero, or more than any machine has.
    """
    matched = _SIZE.fullmatch(str(text)) if len(str(text)) <= _LONGEST else None
    size = int(Decimal(matched[1]) * 1024 ** _POWERS[matched[2].lower()]) if matched else 0
    if not 0 < size <= _LARGEST:
        raise ValueError(f"{text!r} is not a size")
    return size


def size_text(size: int) -> str:
    """A size for people: `512 MiB`."""
    value, power = float(size), 0
    while value >= 1024 and power < len(_NAMES) - 1:
        value, power = value / 1024, power + 1
    return f"{value:.4g} {_NAMES[power]}"
