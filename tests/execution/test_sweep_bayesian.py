"""Sweeps that learn: each trial is drawn from what the earlier ones gave, whatever happens in between."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from reconciler.model.manifests import Scalar
from reconciler.model.runs import Run, RunStatus

from .lasting_diary import LastingDiary
from .place import Place, eventually
from .repository import Document, Repository, Witness, sweep, waits_for

ROOT = Path(__file__).parents[2]
_PROGRAM = """
import sys, tempfile
from pathlib import Path
from reconciler.source.worktree import worktree_snapshot
from tests.execution.lasting_diary import LastingDiary
from tests.execution.place import Place
repository, state, diary = map(Path, sys.argv[1:])
tree = worktree_snapshot(repository, Path(tempfile.mkdtemp(dir=state.parent)))
Place(state, tracking=LastingDiary(diary)).new_run(tree).go()
"""
OpenPlace = Callable[..., Place]


@pytest.fixture
def diary(tmp_path: Path) -> LastingDiary:
    return LastingDiary(tmp_path / "diary")


@pytest.fixture
def place(open_place: OpenPlace, diary: LastingDiary) -> Place:
    return open_place(tracking=diary)


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    return tmp_path / "gate"


@pytest.fixture
def program(repository: Repository, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that carries the run out."""
    folders = [repository.folder, tmp_path / "state", tmp_path / "diary"]
    process = subprocess.Popen([sys.executable, "-c", _PROGRAM, *map(str, folders)], cwd=ROOT)
    yield process
    with suppress(ProcessLookupError):
        process.kill()
    process.wait()


def training(trials: int, at_once: int = 1, before: str = "true", **changes: object) -> Document:
    """The accuracy is the rate itself; `before` is done first."""
    command = (
        f'{before}\necho "accuracy ${{{{inputs.rate}}}}" >> "$METRICS"\n'
        "printf %s ${{inputs.rate}} > ${{outputs.model}}"
    )
    space = {"rate": {"type": "uniform", "min_value": 0, "max_value": 1}}
    limits = {"max_total_trials": trials, "max_concurrent_trials": at_once}
    return sweep(command, space, sampling_algorithm={"type": "bayesian", "seed": 5}, limits=limits, **changes)


def drawn(place: Place, run: Run | str) -> list[Mapping[str, Scalar]]:
    trials = [step for step in place.steps(run).values() if step.trial]
    return [trial.hyperparameters for trial in sorted(trials, key=lambda trial: int(trial.trial))]


def test_later_trials_are_drawn_where_earlier_ones_did_well(place: Place, repository: Repository) -> None:
    run = place.go(repository.commit({"train": training(20)}))
    assert run.status is RunStatus.SUCCEEDED
    rates = [float(trial["rate"]) for trial in drawn(place, run)]
    assert len(set(rates)) == 20
    assert sum(rates[-5:]) / 5 > sum(rates[:10]) / 10 + 0.2
    assert place.output(run, "train", "model") == str(max(rates))


@pytest.mark.parametrize("at_once", [1, 3])
def test_a_sweep_that_is_prolonged_reuses_all_trials_that_it_has(
    place: Place, repository: Repository, at_once: int
) -> None:
    first = place.go(repository.commit({"train": training(13, at_once)}))
    second = place.go(repository.commit({"train": training(15, at_once)}))
    assert drawn(place, second)[:13] == drawn(place, first)
    statuses = place.statuses(second)
    assert [statuses[f"train[{number}]"] for number in range(15)] == ["reused"] * 13 + ["succeeded"] * 2


def test_no_more_trials_run_at_once_than_the_sweep_allows(
    place: Place, repository: Repository, witness: Witness
) -> None:
    before = f"echo + >> {witness}; sleep 0.1; echo - >> {witness}"
    assert place.go(repository.commit({"train": training(6, 2, before)})).status is RunStatus.SUCCEEDED
    assert witness.lines.count("+") == 6
    assert witness.most_at_once == 2


def test_a_trial_that_fails_teaches_nothing_and_the_sweep_goes_on(place: Place, repository: Repository) -> None:
    before = 'awk "BEGIN { exit ${{inputs.rate}} < 0.5 }" || exit 1'
    run = place.go(repository.commit({"train": training(14, 1, before)}))
    assert run.status is RunStatus.SUCCEEDED
    assert {"failed", "succeeded"} <= set(place.statuses(run).values())


def test_after_kill_9_it_draws_on_as_if_nothing_had_happened(
    open_place: OpenPlace,
    repository: Repository,
    witness: Witness,
    gate: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """The thirteenth trial waits for a gate; meanwhile the program is killed."""
    waits = f"echo $AZUREML_SWEEP_rate >> {witness}; [ $(wc -l < {witness}) != 13 ] || {waits_for(gate)}"
    tree = repository.commit({"train": training(16, 1, waits)})
    process = request.getfixturevalue("program")
    place = open_place(tracking=LastingDiary(tmp_path / "diary"))
    eventually(lambda: len(witness.lines) == 13 and bool(place.steps("lending-1")["train[12]"].handle))
    process.kill()
    process.wait()
    gate.touch()
    run = place.take_up(tree).go()
    assert run.status is RunStatus.SUCCEEDED
    assert len(witness.lines) == 16
    assert [str(trial["rate"]) for trial in drawn(place, run)] == witness.lines

    elsewhere = Place(tmp_path / "elsewhere", tracking=LastingDiary(tmp_path / "another diary"))
    try:
        undisturbed = elsewhere.go(repository.commit({"train": training(16)}))
        assert drawn(elsewhere, undisturbed) == drawn(place, run)
    finally:
        elsewhere.close()
