"""No file, however it is made, takes more than a second or 200 MB."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCHEMA = b"$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json\n"
MEASURE = """
import resource, sys, time
sys.path.insert(0, ".")
from tests.manifests.repository import Repository
from reconciler.manifests.loader import Loader
from reconciler.manifests.schema import check

check("pipeline", {"type": "pipeline"}, "warm.yaml")  # what is read once is none of the file's
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
repository = Repository({"pipeline.yaml": open(sys.argv[1], "rb").read()})
seconds = []
for _ in range(2):  # the better of two, for a busy machine makes the same work cost more
    started = time.process_time()
    problems = Loader().load(repository.snapshot, repository).problems
    seconds.append(time.process_time() - started)
grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
assert problems and all(problem.message and problem.hint for problem in problems)
print(min(seconds), grown)
"""


def bomb(levels: int, width: int) -> bytes:
    lines = [b"a0: &a0 [x]\n"]
    lines += [b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * width)) for n in range(1, levels)]
    return b"".join(lines)


FILES = {
    "alias-bomb": SCHEMA + bomb(12, 10),
    "alias-bomb-of-merges": SCHEMA
    + b"a0: &a0 {k: 1}\n"
    + b"".join(b"a%d: &a%d {<<: [*a%d, *a%d], k: {<<: *a%d}}\n" % (n, n, n - 1, n - 1, n - 1) for n in range(1, 40)),
    "alias-bomb-of-text": SCHEMA + b"a: &a " + b"x" * 100_000 + b"\nb: [" + b"*a, " * 10_000 + b"]\n",
    "sequences-10000-deep": SCHEMA + b"jobs: " + b"[" * 10_000,
    "mappings-10000-deep": SCHEMA + b"jobs: " + b"{a: " * 10_000,
    "indentation-2000-deep": SCHEMA + b"".join(b" " * level + b"a:\n" for level in range(2000)),
    "50-MB-of-zeros": SCHEMA + bytes(50_000_000),
    "50-MB-in-one-line": SCHEMA + b"command: " + b"x" * 50_000_000,
    "50-MB-of-lines": SCHEMA + b"a: b\n" * 10_000_000,
    "just-not-too-large-a-text": SCHEMA + b"command: " + b"x" * 4_900_000,
    "just-not-too-large-a-list": SCHEMA + b"jobs:\n" + b"- a\n" * 1_200_000,
    "a-crowd-of-anchors": SCHEMA + b"jobs: [" + b"".join(b"&a%d x, " % n for n in range(150_000)) + b"]\n",
    "a-crowd-of-quotes": SCHEMA + b"jobs: [" + b"'', " * 150_000 + b"]\n",
    "a-crowd-of-duplicate-keys": SCHEMA + b"type: pipeline\n" * 150_000,
    "a-crowd-of-unknown-keys": SCHEMA + b"type: pipeline\n" + b"".join(b"key%d: x\n" % n for n in range(60_000)),
    "a-crowd-of-wrong-jobs": SCHEMA
    + b"type: pipeline\njobs:\n"
    + b"".join(b"  j%d: {comand: x}\n" % n for n in range(20_000)),
    "as-many-wrong-jobs-as-fit": SCHEMA
    + b"type: pipeline\njobs:\n"
    + b"".join(b"  j%d: {comand: x}\n" % n for n in range(12_000)),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file_made_to_be_too_much_is_refused_in_a_second(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(FILES[name])
    top = Path(__file__).parents[2]
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "file")]
    done = subprocess.run(command, cwd=top, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    seconds, megabytes = map(float, done.stdout.split())
    assert seconds < 1
    assert megabytes < 200
