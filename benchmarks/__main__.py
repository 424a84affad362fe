"""`python -m benchmarks`: measure, and print each figure beside its target."""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.command_line import measure_daemon, measure_help, measure_nothing_to_do
from benchmarks.containers import measure_containers
from benchmarks.latency import measure_latency
from benchmarks.manifests import measure_manifests
from benchmarks.measure import Measure
from benchmarks.peers import measure_peers
from benchmarks.planning import measure_planning
from benchmarks.releases import measure_releases
from benchmarks.repository import Repository
from benchmarks.review import measure_review
from benchmarks.soak import measure_soak
from benchmarks.steps import machine, measure_steps

_SIZES = (10, 100, 1000, 10_000)


def main() -> None:
    """Measure all sizes asked for, or what takes long and is measured alone."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("alone", nargs="?", choices=("soak", "latency"), help="only this, which is not among the rest")
    parser.add_argument("--minutes", type=float, default=30, help="of the soak")
    parser.add_argument("--pushes", type=int, help="of the soak, 200 by default, or for each latency, 50")
    parser.add_argument("--sizes", type=int, nargs="+", default=_SIZES, help="steps and manifests")
    parser.add_argument("--executed", type=int, default=1000, help="largest size whose steps are executed for real")
    parser.add_argument("--peers", type=int, default=1000, help="steps given to the peers on PATH; 0 for none")
    parser.add_argument(
        "--image", default="python:3.11-slim", help="image of containers, where a Docker engine answers"
    )
    parser.add_argument("--json", type=Path, help="file for the figures")
    chosen = parser.parse_args()
    print(machine(), flush=True)
    measures = []
    with tempfile.TemporaryDirectory(prefix="reconciler-bench-") as folder:
        for measure in _chosen(Path(folder), chosen):
            print(_line(measure), flush=True)
            measures.append(measure)
    if chosen.json:
        body = {"machine": machine(), "measures": [dataclasses.asdict(measure) for measure in measures]}
        chosen.json.write_text(json.dumps(body, indent=2) + "\n")
    missed = [measure.what for measure in measures if not measure.is_met]
    print(f"missed: {', '.join(missed)}" if missed else "every target is met")


def _chosen(folder: Path, chosen: argparse.Namespace) -> Iterator[Measure]:
    if chosen.alone == "soak":
        return measure_soak(folder, chosen.minutes, chosen.pushes or 200)
    if chosen.alone == "latency":
        return measure_latency(folder, chosen.pushes or 50)
    return _all(folder, chosen.sizes, chosen.executed, chosen.peers, chosen.image)


def _all(folder: Path, sizes: list[int], executed: int, peers: int, image: str) -> Iterator[Measure]:
    yield from measure_help()
    for size in sizes:
        repository = Repository(folder / str(size), size)
        repository.create()
        state = folder / f"state-{size}"
        yield from measure_planning(repository, state)
        yield from measure_nothing_to_do(repository, state)
        yield from measure_daemon(repository, state)
        yield from measure_review(repository, folder)
        if size <= executed:
            yield from measure_steps(repository, folder / f"run-{size}", "none")
            yield from measure_steps(repository, folder / f"tracked-{size}", None)
    yield from measure_manifests(folder, max(sizes))
    yield from measure_releases(folder)
    yield from measure_containers(folder, image)
    if peers:
        yield from measure_peers(peers, folder / "peers")


def _line(measure: Measure) -> str:
    size = f"{measure.size:,}" if measure.size else ""
    target = f"≤ {measure.target:g}" if measure.target is not None else ""
    verdict = "" if measure.target is None else "met" if measure.is_met else "MISSED"
    return f"{measure.what:<60}{size:>8}{measure.value:>10.2f} {measure.unit:<3}{target:>8}  {verdict}"


if __name__ == "__main__":
    main()
