"""Sweeps: the trials that are executed, the best one, and what is reused when a search space changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.model.runs import RunStatus, StepRun

from .diary import Diary
from .place import Place
from .repository import Document, Repository, Witness, choice, job, reads, sweep, writes


@pytest.fixture
def diary(tmp_path: Path) -> Diary:
    return Diary(tmp_path / "diary")


@pytest.fixture
def place(open_place: Callable[..., Place], diary: Diary) -> Place:
    return open_place(tracking=diary)


def training(witness: Witness, **changes: object) -> Document:
    """A sweep whose accuracy is highest for a depth of 3, the model being the depth."""
    command = (
        f"echo depth $AZUREML_SWEEP_depth >> {witness}\n"
        f"case ${{{{inputs.depth}}}} in 3) a=0.9;; 5) a=0.1;; *) a=0.5;; esac\n"
        f'echo "accuracy $a" >> "$METRICS"\n'
        f"printf %s ${{{{inputs.depth}}}} > ${{{{outputs.model}}}}"
    )
    return {**sweep(command, {"depth": choice(1, 3, 5)}, trial=changes.pop("trial", {})), **changes}


def trials(place: Place, run: str) -> list[StepRun]:
    return [step for step in place.steps(run).values() if step.trial]


def test_a_grid_is_executed_once_for_each_combination_of_its_values(
    place: Place, repository: Repository, witness: Witness
) -> None:
    command = (
        f"echo $AZUREML_SWEEP_depth-$AZUREML_SWEEP_rate ${{{{inputs.depth}}}}-${{{{inputs.rate}}}} >> {witness}\n"
        + writes("model", "model")
    )
    space = {"depth": choice(1, 2), "rate": choice(0.1, 0.5, 0.9)}
    run = place.go(repository.commit({"train": sweep(command, space)}))
    assert run.status is RunStatus.SUCCEEDED
    assert sorted(witness.lines) == sorted(f"{d}-{r} {d}-{r}" for d in (1, 2) for r in (0.1, 0.5, 0.9))
    drawn = [dict(trial.hyperparameters) for trial in trials(place, run.id)]
    assert drawn == [{"depth": d, "rate": r} for d in (1, 2) for r in (0.1, 0.5, 0.9)]
    assert len({trial.fingerprint for trial in trials(place, run.id)}) == 6


def test_a_random_sweep_draws_as_many_trials_as_its_limit_says(
    place: Place, repository: Repository, witness: Witness
) -> None:
    command = f"echo $AZUREML_SWEEP_rate >> {witness}; {writes('model', 'model')}"
    space = {"rate": {"type": "uniform", "min_value": 0.0, "max_value": 1.0}}
    written = sweep(command, space, sampling_algorithm="random", limits={"max_total_trials": 4})
    run = place.go(repository.commit({"train": written}))
    assert run.status is RunStatus.SUCCEEDED
    assert sorted(float(line) for line in witness.lines) == sorted(
        float(trial.hyperparameters["rate"]) for trial in trials(place, run.id)
    )
    assert len(set(witness.lines)) == 4
    assert all(0 <= float(line) <= 1 for line in witness.lines)


@pytest.mark.parametrize(("goal", "best", "accuracy"), [("maximize", "3", 0.9), ("minimize", "5", 0.1)])
def test_the_outputs_of_the_best_trial_are_those_of_the_sweep(
    place: Place, repository: Repository, witness: Witness, goal: str, best: str, accuracy: float
) -> None:
    jobs = {
        "train": training(witness, objective={"goal": goal, "primary_metric": "accuracy"}),
        "report": job("cat ${{inputs.model}} > ${{outputs.out}}", ("out",), inputs={"model": reads("train", "model")}),
    }
    run = place.go(repository.commit(jobs))
    assert place.output(run, "report") == best
    assert place.output(run, "train", "model") == best
    assert place.steps(run)["train"].metrics == {"accuracy": accuracy}
    assert [trial.metrics["accuracy"] for trial in trials(place, run.id)] == [0.5, 0.9, 0.1]


def test_the_sweep_in_mlflow_holds_its_trials_and_names_the_best(
    place: Place, repository: Repository, witness: Witness, diary: Diary
) -> None:
    run = place.go(repository.commit({"train": training(witness)}))
    (of_sweep,) = diary.named("train")
    of_trials = [diary.named(f"train[{number}]")[0] for number in range(3)]
    assert {entry.request.parent for entry in of_trials} == {of_sweep.id}
    assert {entry.request.root for entry in of_trials} == {run.mlflow_run_id}
    assert of_sweep.tags["best_child_run_id"] == of_trials[1].id
    assert of_sweep.tags["reconciler.best_trial"] == "1"
    assert of_sweep.metrics == {"accuracy": 0.9}
    assert of_trials[1].tags["hyperparameters"] == '{"depth": 3}'


@pytest.mark.parametrize("logged", ["", 'echo "loss 1" >> "$METRICS"', 'echo "accuracy nan" >> "$METRICS"'])
def test_where_no_trial_logged_the_metric_the_last_one_is_taken_with_a_warning(
    place: Place, repository: Repository, logged: str
) -> None:
    command = f"{logged}\nprintf %s ${{{{inputs.depth}}}} > ${{{{outputs.model}}}}"
    run = place.go(repository.commit({"train": sweep(command, {"depth": choice(1, 3, 5)})}))
    assert run.status is RunStatus.SUCCEEDED
    assert place.output(run, "train", "model") == "5"
    assert any(reason.startswith("no trial logged accuracy (logged: ") for reason in place.steps(run)["train"].reasons)


def test_a_trial_that_failed_is_no_candidate(place: Place, repository: Repository) -> None:
    command = (
        'echo "accuracy 0.${{inputs.depth}}" >> "$METRICS"\n'
        "printf %s ${{inputs.depth}} > ${{outputs.model}}; test ${{inputs.depth}} != 5"
    )
    run = place.go(repository.commit({"train": sweep(command, {"depth": choice(1, 3, 5)})}))
    assert run.status is RunStatus.SUCCEEDED
    assert place.output(run, "train", "model") == "3"
    assert [str(trial.status) for trial in trials(place, run.id)] == ["succeeded", "succeeded", "failed"]


def test_a_sweep_whose_trials_all_failed_fails_with_the_first_failure_in_full(
    place: Place, repository: Repository
) -> None:
    command = "echo no rows in ${{inputs.depth}}; exit 1"
    limits = {"max_total_trials": 3, "max_concurrent_trials": 1}
    run = place.go(repository.commit({"train": sweep(command, {"depth": choice(1, 3, 5)}, limits=limits)}))
    assert run.error.startswith("step train: all 3 trials failed; trial 0: exited with status 1")
    assert "no rows in 1" in run.error
    assert f"`reconciler logs {run.id} 'train[0]'`" in run.error
    assert place.statuses(run)["train"] == "failed"


def test_a_trial_that_takes_too_long_is_ended(place: Place, repository: Repository) -> None:
    command = "test ${{inputs.depth}} = 1 || sleep 1000; echo > ${{outputs.model}}"
    limits = {"max_total_trials": 2, "trial_timeout": 1}
    run = place.go(repository.commit({"train": sweep(command, {"depth": choice(1, 3)}, limits=limits)}))
    assert run.status is RunStatus.SUCCEEDED
    assert place.steps(run)["train[1]"].error.startswith("took longer than its time limit of 1 second")


def test_no_more_trials_run_at_once_than_the_sweep_allows(
    place: Place, repository: Repository, witness: Witness
) -> None:
    command = f"echo + >> {witness}; sleep 0.1; echo - >> {witness}; {writes('x', 'model')}"
    limits = {"max_total_trials": 6, "max_concurrent_trials": 2}
    tree = repository.commit({"train": sweep(command, {"depth": choice(1, 2, 3, 4, 5, 6)}, limits=limits)})
    assert place.go(tree).status is RunStatus.SUCCEEDED
    assert witness.lines.count("+") == 6
    assert witness.most_at_once == 2


class TestASearchSpaceThatChanges:
    """Each trial is a result of its own."""

    @pytest.fixture(autouse=True)
    def _first(self, place: Place, repository: Repository, witness: Witness) -> None:
        assert place.go(repository.commit({"train": training(witness)})).status is RunStatus.SUCCEEDED
        assert sorted(witness.lines) == ["depth 1", "depth 3", "depth 5"]

    def test_an_unchanged_sweep_is_reused_as_a_whole(
        self, place: Place, repository: Repository, witness: Witness, diary: Diary
    ) -> None:
        run = place.go(repository.commit({"train": training(witness)}))
        assert place.statuses(run) == {"train": "reused"}
        assert len(witness.lines) == 3
        assert [entry.source for entry in diary.named("train[0]")][1:] == [diary.named("train[1]")[0].id]

    def test_widened_executes_only_the_new_trials(self, place: Place, repository: Repository, witness: Witness) -> None:
        wider = training(witness, search_space={"depth": choice(0, 1, 3, 5, 7)})
        run = place.go(repository.commit({"train": wider}))
        assert sorted(witness.lines[3:]) == ["depth 0", "depth 7"]
        assert [str(trial.status) for trial in trials(place, run.id)] == [
            "succeeded",
            "reused",
            "reused",
            "reused",
            "succeeded",
        ]
        assert place.steps(run)["train[1]"].reused_from == "lending-1"
        assert place.output(run, "train", "model") == "3"

    def test_narrowed_executes_nothing_and_chooses_among_those_that_are_left(
        self, place: Place, repository: Repository, witness: Witness
    ) -> None:
        run = place.go(repository.commit({"train": training(witness, search_space={"depth": choice(1, 5)})}))
        assert len(witness.lines) == 3
        assert set(place.statuses(run).values()) == {"succeeded", "reused"}
        assert place.output(run, "train", "model") == "1"

    def test_another_goal_chooses_anew_without_executing(
        self, place: Place, repository: Repository, witness: Witness
    ) -> None:
        goal = {"goal": "minimize", "primary_metric": "accuracy"}
        run = place.go(repository.commit({"train": training(witness, objective=goal)}))
        assert len(witness.lines) == 3
        assert place.output(run, "train", "model") == "5"

    def test_how_many_trials_run_at_once_is_no_change(
        self, place: Place, repository: Repository, witness: Witness
    ) -> None:
        limits = {"max_total_trials": 100, "max_concurrent_trials": 1}
        run = place.go(repository.commit({"train": training(witness, limits=limits)}))
        assert place.statuses(run) == {"train": "reused"}

    def test_the_trials_of_a_component_that_is_not_deterministic_are_executed_again(
        self, place: Place, repository: Repository, witness: Witness
    ) -> None:
        again = training(witness, trial={"is_deterministic": False})
        place.go(repository.commit({"train": again}))
        assert len(witness.lines) == 6

    def test_where_every_step_is_to_run_every_trial_runs(
        self, place: Place, repository: Repository, witness: Witness
    ) -> None:
        place.go(repository.commit({"train": training(witness)}, settings={"force_rerun": True}))
        assert len(witness.lines) == 6


def test_a_trial_that_is_just_a_command_takes_its_hyperparameters_from_the_search_space(
    place: Place, repository: Repository, witness: Witness
) -> None:
    written = {
        "type": "sweep",
        "trial": {
            "command": f"echo ${{{{search_space.depth}}}} ${{{{inputs.rows}}}} >> {witness}; "
            "printf %s ${{search_space.depth}} > ${{outputs.model}}",
            "environment": "azureml:python@latest",
        },
        "inputs": {"rows": 7},
        "outputs": {"model": {"type": "uri_file"}},
        "sampling_algorithm": "grid",
        "search_space": {"depth": choice(1, 2)},
        "objective": {"goal": "maximize", "primary_metric": "accuracy"},
        "limits": {"max_total_trials": 2},
    }
    run = place.go(repository.commit({"train": written}))
    assert run.status is RunStatus.SUCCEEDED
    assert sorted(witness.lines) == ["1 7", "2 7"]
    assert place.output(run, "train", "model") == "2"
