"""MLflow is away when runs end: pipelines go on, what is said is true at once, and records follow in order, once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.daemon.retries import RetryPolicy
from reconciler.model.runs import RunStatus
from tests.execution.mlflow_away import AwayShelf
from tests.execution.place import eventually

from .following import Following
from .origin import Origin
from .site import Clock, make_site

CREDIT = "credit.yaml"
WAITS = r"; its record waits for MLflow since 20\S+Z$"


def training(accuracy: float, command: str = "true") -> str:
    """A pipeline that registers a model and promotes it where it is better."""
    return f"""\
type: pipeline
name: credit
promotion: {{metric: accuracy}}
jobs:
  train:
    command: >-
      {command} && echo 'accuracy {accuracy}' >> $METRICS && printf 'weights {accuracy}' > ${{{{outputs.model}}}}/model
    outputs: {{model: {{type: custom_model, name: credit}}}}
    environment: {{image: python}}
"""


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[AwayShelf]:
    shelf = AwayShelf(tmp_path / "mlflow")
    shelf.is_away = True
    yield shelf
    shelf.is_away = False


@pytest.fixture
def begin(tmp_path: Path, clock: Clock, origin: Origin, shelf: AwayShelf) -> Iterator[Callable[..., Following]]:
    """Begins anew as another process does: the state is all that it has of the one before."""
    with ExitStack() as ends:

        def follow(retries: RetryPolicy | None = None) -> Following:
            site = replace(make_site(tmp_path / "state", clock), tracking=shelf)
            ends.callback(site.state.close)
            ends.callback(site.close)
            return Following(site, origin, retries)

        yield follow


Begin = Callable[..., Following]


def end(following: Following) -> None:
    """Stop as a process does at its end: what MLflow was not told is forgotten."""
    following.follower.stop()
    following.site.recorder.close()


def waiting(following: Following) -> list[str]:
    return following.site.state.waiting_records.of_source("main")


def recorded(following: Following) -> None:
    """Wait until MLflow has everything, and look once more as the daemon does then."""
    eventually(lambda: not waiting(following))
    following.follower.reconcile("run ended")


def names(shelf: AwayShelf) -> list[str]:
    return sorted(entry.request.name for entry in shelf.entries.values())


def test_the_next_revision_runs_and_what_is_said_of_it_is_true_at_once(begin: Begin, origin: Origin) -> None:
    following = begin()
    for accuracy in (0.5, 0.7):
        origin.push({CREDIT: training(accuracy)})
        following.turn()
    assert [(run.id, run.status) for run in following.runs] == [
        ("credit-1", RunStatus.SUCCEEDED),
        ("credit-2", RunStatus.SUCCEEDED),
    ]
    reason, message = following.reason("pipeline/credit")
    assert reason == "RunSucceeded"
    assert re.search(f"^credit-2 is current{WAITS}", message)
    end(following)


def test_a_failed_run_is_tried_again_meanwhile(begin: Begin, origin: Origin, clock: Clock, tmp_path: Path) -> None:
    following = begin(RetryPolicy(attempts=2, first_delay=30))
    origin.push({CREDIT: training(0.5, f"test -e {tmp_path / 'mended'}")})
    following.turn()
    assert re.search(WAITS, following.reason("pipeline/credit")[1])
    (tmp_path / "mended").touch()
    clock.advance(34)
    following.follower.retry()
    following.turn("interval")
    assert [run.status for run in following.runs] == [RunStatus.FAILED, RunStatus.SUCCEEDED]
    end(following)


def test_nothing_is_said_of_it_any_more_once_it_is_recorded(begin: Begin, origin: Origin, shelf: AwayShelf) -> None:
    following = begin()
    origin.push({CREDIT: training(0.5)})
    following.turn()
    shelf.is_away = False
    recorded(following)
    assert following.reason("pipeline/credit") == ("RunSucceeded", "credit-1 is current")
    end(following)


def test_the_next_process_records_all_runs_in_order_and_once(begin: Begin, origin: Origin, shelf: AwayShelf) -> None:
    first = begin()
    for accuracy in (0.5, 0.7, 0.6):
        origin.push({CREDIT: training(accuracy)})
        first.turn()
    end(first)
    second = begin()
    assert second.follower.resume() == []
    second.follower.resume()  # as another loop of this source does in the same process
    shelf.is_away = False
    recorded(second)
    judged = {run.id: second.site.state.model_registry.judgements(run.id) for run in second.runs}
    assert [(each.version, each.is_promoted) for of_run in judged.values() for each in of_run] == [
        ("1", True),
        ("2", True),
        ("3", False),
    ]
    assert (shelf.holder("champion"), shelf.semvers()) == ("2", ["1.0.0", "1.0.1", "1.0.2"])
    assert names(shelf) == ["credit-1", "credit-2", "credit-3", "train", "train", "train"]
    assert [each.metrics for each in shelf.named("train")] == [{"accuracy": 0.5}, {"accuracy": 0.7}, {"accuracy": 0.6}]
    assert second.reason("pipeline/credit") == ("RunSucceeded", "credit-3 is current")
    end(second)


def test_what_goes_on_is_judged_after_what_was_over(
    begin: Begin, origin: Origin, shelf: AwayShelf, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    first = begin()
    origin.push({CREDIT: training(0.7)})
    first.turn()
    origin.push({CREDIT: training(0.6, f"until test -e {gate}; do sleep 0.02; done")})
    first.follower.reconcile("push")
    eventually(lambda: bool(first.site.state.runs.handles()))
    end(first)
    gate.touch()
    second = begin()
    assert second.follower.resume() == ["credit-2"]
    second.follower.wait()
    shelf.is_away = False
    recorded(second)
    (judged,) = second.site.state.model_registry.judgements("credit-2")
    assert (judged.champion, judged.is_promoted, shelf.holder()) == ("1", False, "1")
    end(second)


def test_of_a_run_that_cannot_be_planned_any_more_it_is_said_that_its_record_is_not_whole(
    begin: Begin, origin: Origin, shelf: AwayShelf
) -> None:
    first = begin()
    origin.push({CREDIT: training(0.5)})
    first.turn()
    first.site.state.database.execute("UPDATE runs SET closure = 'of another program'")
    end(first)
    second = begin()
    second.follower.resume()
    shelf.is_away = False
    eventually(lambda: not waiting(second))
    (run,) = second.runs
    assert run.status is RunStatus.SUCCEEDED
    assert run.error == f"the run is not recorded whole: {run.revision} does not hold it any more"
    assert {entry.status for entry in shelf.entries.values()} == {"FINISHED"}
    end(second)
