"""The same work asked of other tools that are on PATH: a no-op of many steps, and the cost of a step."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.measure import Measure, median_ms, once_ms


def measure_peers(size: int, folder: Path) -> Iterator[Measure]:
    """Run `size` independent one-line steps with each tool, then ask again with nothing to do."""
    process = median_ms(lambda: subprocess.run(["sh", "-c", "echo 1 > /dev/null"], check=True), 21)
    for name, (write, command) in _PEERS.items():
        if shutil.which(command[0]) is None:
            continue
        place = folder / name
        place.mkdir(parents=True)
        (place / "out").mkdir()
        write(place, size)

        def run(place: Path = place, command: list[str] = command) -> None:
            subprocess.run(command, cwd=place, check=True, capture_output=True)

        yield Measure(f"{name}: overhead of a step", size, once_ms(run) / size - process, "ms")
        yield Measure(f"{name}: nothing to do", size, median_ms(run, 3), "ms")


def _make(place: Path, size: int) -> None:
    rules = [f"out/{n}:\n\techo {n} > out/{n}\n" for n in range(size)]
    outputs = " ".join(f"out/{n}" for n in range(size))
    (place / "Makefile").write_text(f"all: {outputs}\n" + "".join(rules))


def _doit(place: Path, size: int) -> None:
    task = "{'name': str(n), 'actions': [f'echo {n} > out/{n}'], 'targets': [f'out/{n}'], 'uptodate': [True]}"
    (place / "dodo.py").write_text(f"def task_step():\n    for n in range({size}):\n        yield {task}\n")


def _snakemake(place: Path, size: int) -> None:
    rule = 'rule step:\n    output: "out/{n}"\n    shell: "echo {wildcards.n} > {output}"\n'
    (place / "Snakefile").write_text(f'rule all:\n    input: expand("out/{{n}}", n=range({size}))\n{rule}')


def _dvc(place: Path, size: int) -> None:
    stages = [f"  s{n}:\n    cmd: echo {n} > out/{n}\n    outs:\n      - out/{n}\n" for n in range(size)]
    (place / "dvc.yaml").write_text("stages:\n" + "".join(stages))
    subprocess.run(["dvc", "init", "--no-scm", "--quiet"], cwd=place, check=True, capture_output=True)


_PEERS: dict[str, tuple[Callable[[Path, int], None], list[str]]] = {
    "make": (_make, ["make", "--silent", "-j1"]),
    "doit": (_doit, ["doit"]),
    "snakemake": (_snakemake, ["snakemake", "--cores", "1", "--quiet", "all"]),
    "dvc": (_dvc, ["dvc", "repro", "--quiet"]),
}
