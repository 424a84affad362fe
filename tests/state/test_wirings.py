"""How the steps of a run hang together is kept with the run."""

from __future__ import annotations

from reconciler.model.wiring import StepWiring, Wire
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

from .records import run

SPLIT = StepWiring("split", inputs=(Wire("data", data="loans 1.0.0"),), environment_version="1.0.0")
TRAIN = StepWiring("train", after=("split", "first"), inputs=(Wire("data", "split", "train"),))


def test_it_is_read_as_it_was_written(state: State, folder: StateFolder) -> None:
    made = state.runs.start(run())
    state.wirings.save(made.id, (SPLIT, TRAIN))
    again = State(folder)
    assert list(again.wirings.of_run(made.id).items()) == [("split", SPLIT), ("train", TRAIN)]
    again.close()


def test_a_run_of_before_it_was_kept_has_none(state: State) -> None:
    assert state.wirings.of_run(state.runs.start(run()).id) == {}
