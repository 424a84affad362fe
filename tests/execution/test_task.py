"""What a step finds when it is executed, and what is kept of what it leaves."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.model.runs import RunStatus
from reconciler.state.outputs import digest_of_path

from .diary import Diary
from .place import Place
from .repository import Repository, choice, job, reads, sweep, writes

SHOWS_VARIABLES = (
    "python -c \"import json, os, sys; json.dump(dict(os.environ), open(sys.argv[1], 'w'))\" ${{outputs.out}}"
)


def test_a_step_reads_what_the_one_before_wrote(place: Place, repository: Repository) -> None:
    jobs = {
        "prepare": job(writes("rows"), ("out",)),
        "train": job("cat ${{inputs.rows}} > ${{outputs.out}}", ("out",), inputs={"rows": reads("prepare")}),
    }
    run = place.go(repository.commit(jobs))
    assert place.output(run, "train") == "rows"


def test_folders_are_passed_on_whole(place: Place, repository: Repository) -> None:
    makes = "mkdir ${{outputs.out}}/sub; echo 1 > ${{outputs.out}}/a.csv; echo 2 > ${{outputs.out}}/sub/b.csv"
    jobs = {
        "prepare": {**job(makes), "outputs": {"out": {"type": "uri_folder"}}},
        "train": job(
            "(cd ${{inputs.rows}} && cat a.csv sub/b.csv) > ${{outputs.out}}",
            ("out",),
            inputs={"rows": reads("prepare")},
        ),
    }
    run = place.go(repository.commit(jobs))
    assert run.error == ""
    assert place.output(run, "train") == "1\n2\n"


def test_outputs_are_kept_under_the_digest_of_their_content_and_cannot_be_written_to(
    place: Place, repository: Repository
) -> None:
    makes = "mkdir ${{outputs.folder}}/sub; echo 1 > ${{outputs.folder}}/sub/a.csv; echo 2 > ${{outputs.file}}"
    outputs = {"folder": {"type": "uri_folder"}, "file": {"type": "uri_file"}}
    run = place.go(repository.commit({"prepare": {**job(makes), "outputs": outputs}}))
    for name in outputs:
        path = place.output_path(run, "prepare", name)
        assert digest_of_path(path) == place.steps(run)["prepare"].outputs[name] == path.name
        assert not [p for p in (path, *path.rglob("*")) if p.stat().st_mode & 0o222]


def test_equal_outputs_are_kept_once(place: Place, repository: Repository) -> None:
    run = place.go(repository.commit({"one": job(writes("x"), ("out",)), "two": job(writes("x"), ("out",))}))
    assert place.output_path(run, "one") == place.output_path(run, "two")
    kept = [path for path in place.state.folder.outputs.rglob("*") if path.is_file()]
    assert kept == [place.output_path(run, "one")]


@pytest.mark.parametrize("source", ["step", "repository"])
def test_what_a_step_is_given_to_read_cannot_be_written_to(place: Place, repository: Repository, source: str) -> None:
    given = reads("prepare") if source == "step" else {"type": "uri_file", "path": "./raw.csv"}
    jobs = {
        "prepare": job(writes("rows"), ("out",)),
        "train": job("stat -L -c %a ${{inputs.rows}} > ${{outputs.out}}", ("out",), inputs={"rows": given}),
    }
    run = place.go(repository.commit(jobs, {"raw.csv": "1\n"}))
    assert stat.S_IMODE(int(place.output(run, "train"), 8)) & 0o222 == 0


def test_data_of_the_repository_is_that_of_the_commit_and_keeps_its_name(place: Place, repository: Repository) -> None:
    command = (
        "basename ${{inputs.raw}} > ${{outputs.out}}; cat ${{inputs.raw}} ${{inputs.more}}/b.csv >> ${{outputs.out}}"
    )
    inputs = {"raw": {"type": "uri_file", "path": "./data/a.csv"}, "more": {"type": "uri_folder", "path": "./data"}}
    tree = repository.commit(
        {"train": job(command, ("out",), inputs=inputs)}, {"data/a.csv": "1\n", "data/b.csv": "2\n"}
    )
    repository.write("data/a.csv", "changed since")
    assert place.output(place.go(tree), "train") == "a.csv\n1\n2\n"


def test_a_step_starts_in_its_code_folder_as_committed(place: Place, repository: Repository) -> None:
    jobs = {"train": job("python run.py > ${{outputs.out}}", ("out",), code="./src")}
    tree = repository.commit(jobs, {"src/run.py": "import helper; print(helper.SAYS)", "src/helper.py": "SAYS = 'hi'"})
    repository.write("src/helper.py", "SAYS = 'changed since'")
    assert place.output(place.go(tree), "train") == "hi\n"


def test_values_reach_the_command_as_they_are_and_cannot_break_out_of_it(place: Place, repository: Repository) -> None:
    value = "a b; touch broken $(id) `id` \"'"
    command = 'printf %s ${{inputs.plain}} > ${{outputs.out}}; printf %s "${{inputs.plain}}" >> ${{outputs.out}}'
    run = place.go(repository.commit({"train": job(command, ("out",), inputs={"plain": value})}))
    assert place.output(run, "train") == value * 2


@pytest.mark.parametrize(("given", "shown"), [({}, "none"), ({"rate": 0.5}, "rate=0.5")])
def test_the_part_of_a_command_with_an_optional_input_is_there_only_with_its_value(
    place: Place, repository: Repository, given: dict[str, float], shown: str
) -> None:
    component = {
        "name": "train",
        "command": "set -- $[[rate=${{inputs.rate}}]]; echo ${1:-none} > ${{outputs.out}}",
        "environment": "azureml:python@latest",
        "inputs": {"rate": {"type": "number", "optional": True}},
        "outputs": {"out": {"type": "uri_file"}},
    }
    run = place.go(repository.commit({"train": {"component": component, "inputs": given}}))
    assert place.output(run, "train") == f"{shown}\n"


class TestTheVariablesOfAStep:
    """What it finds in its environment."""

    @pytest.fixture
    def diary(self, tmp_path: Path) -> Diary:
        return Diary(tmp_path / "diary")

    @pytest.fixture
    def place(self, open_place: Callable[..., Place], diary: Diary) -> Place:
        return open_place(tracking=diary)

    def test_name_its_inputs_outputs_and_runs(self, place: Place, repository: Repository, diary: Diary) -> None:
        inputs = {"rate": 0.5, "raw": {"type": "uri_file", "path": "./raw.csv"}}
        written = job(SHOWS_VARIABLES, ("out",), inputs=inputs, environment_variables={"TEAM": "risk"})
        run = place.go(repository.commit({"train": written}, {"raw.csv": "1\n"}, experiment_name="loans"))
        shown = json.loads(place.output(run, "train"))
        assert shown["AZURE_ML_INPUT_rate"] == "0.5"
        assert Path(shown["AZURE_ML_INPUT_raw"]).name == "raw.csv"
        assert Path(shown["AZURE_ML_OUTPUT_out"]).name == "out"
        assert shown["TEAM"] == "risk"
        assert shown["EXPERIMENT"] == "loans"
        (entry,) = diary.named("train")
        assert shown["METRICS"].endswith(f"/{entry.id}")
        assert shown["AZUREML_RUN_ID"] == entry.id
        assert shown["AZUREML_ROOT_RUN_ID"] == run.mlflow_run_id == entry.request.root

    def test_name_the_hyperparameters_of_a_trial(self, place: Place, repository: Repository) -> None:
        command = SHOWS_VARIABLES.replace("outputs.out", "outputs.model")
        run = place.go(repository.commit({"train": sweep(command, {"depth": choice(1, 3)})}))
        shown = [
            json.loads(place.state.outputs.path(place.steps(run)[f"train[{number}]"].outputs["model"]).read_text())
            for number in range(2)
        ]
        assert [variables["AZUREML_SWEEP_depth"] for variables in shown] == ["1", "3"]
        assert [variables["AZURE_ML_INPUT_depth"] for variables in shown] == ["1", "3"]

    def test_hold_no_secret_of_the_program(
        self, place: Place, repository: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GITHUB_TOKEN", "a secret")
        run = place.go(repository.commit({"train": job(SHOWS_VARIABLES, ("out",))}))
        assert "a secret" not in place.output(run, "train")

    def test_metrics_that_a_step_logged_are_kept_with_it(self, place: Place, repository: Repository) -> None:
        run = place.go(repository.commit({"train": job('echo "auc 0.75" >> "$METRICS"')}))
        assert place.steps(run)["train"].metrics == {"auc": 0.75}
        again = place.go(repository.commit({"train": job('echo "auc 0.75" >> "$METRICS"')}))
        assert place.statuses(again) == {"train": "reused"}
        assert place.steps(again)["train"].metrics == {"auc": 0.75}


def test_nothing_of_a_step_that_succeeded_is_left_where_it_worked(place: Place, repository: Repository) -> None:
    jobs = {
        "prepare": job(f"echo x > scratch; {writes('rows')}", ("out",)),
        "train": sweep(writes("model", "model"), {"depth": choice(1, 2)}),
    }
    run = place.go(repository.commit(jobs))
    assert run.status is RunStatus.SUCCEEDED
    assert [path for path in place.state.folder.work.rglob("*") if path.is_file()] == []
    assert not (place.state.folder.work / run.id / "prepare").exists()


def test_the_log_of_a_step_stays(place: Place, repository: Repository) -> None:
    run = place.go(repository.commit({"train": job("echo out; echo err >&2")}))
    assert Path(place.steps(run)["train"].log).read_text() == "out\nerr\n"
