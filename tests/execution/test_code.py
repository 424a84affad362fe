"""The working directory of a step: its code, what is laid beside it, and what is ignored of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from reconciler.model.runs import RunStatus

from .place import Place
from .repository import Repository, Witness, component, job

LISTS = "find . -type f | sort > ${{outputs.out}}"
FILES = {"src/run.py": "import common.says; print(common.says.HI)", "common/says.py": "HI = 'hi'", "notes.txt": "1"}
OUT = {"out": {"type": "uri_file"}}


def test_includes_lie_beside_the_code_under_their_own_names(place: Place, repository: Repository) -> None:
    jobs = {"train": job(LISTS, ("out",), code="./src", additional_includes=["./common", "notes.txt"])}
    run = place.go(repository.commit(jobs, FILES))
    assert place.output(run, "train").split() == ["./common/says.py", "./notes.txt", "./run.py"]


def test_the_code_may_import_what_is_included(place: Place, repository: Repository) -> None:
    jobs = {"train": job("python run.py > ${{outputs.out}}", ("out",), code="./src", additional_includes=["common/"])}
    assert place.output(place.go(repository.commit(jobs, FILES)), "train") == "hi\n"


def test_includes_need_no_code(place: Place, repository: Repository) -> None:
    jobs = {"train": job("cat common/says.py > ${{outputs.out}}", ("out",), additional_includes=["./common"])}
    assert place.output(place.go(repository.commit(jobs, FILES)), "train") == "HI = 'hi'"


def test_a_component_includes_what_lies_above_it(place: Place, repository: Repository) -> None:
    written = component("cat common/says.py > ${{outputs.out}}", outputs=OUT, additional_includes=["../../common"])
    tree = repository.commit(
        {"train": {"component": "./components/train/component.yaml"}},
        {**FILES, "components/train/component.yaml": yaml.safe_dump(written)},
    )
    assert place.output(place.go(tree), "train") == "HI = 'hi'"


@pytest.mark.parametrize(("changed", "executed"), [("common/says.py", 2), ("src/run.py", 2), ("other.txt", 1)])
def test_a_step_runs_again_when_its_code_or_an_include_changed(
    place: Place, repository: Repository, witness: Witness, changed: str, executed: int
) -> None:
    jobs = {"train": job("true", code="./src", additional_includes=["./common"])}
    place.go(repository.commit(jobs, FILES))
    place.go(repository.commit(jobs, {changed: "CHANGED = 1"}))
    assert witness.times["train"] == executed


def test_what_is_ignored_is_neither_there_nor_makes_a_step_run_again(
    place: Place, repository: Repository, witness: Witness
) -> None:
    jobs = {"train": job(LISTS, ("out",), code="./src")}
    ignored = {"src/.amlignore": "# notebooks\n*.ipynb\n!keep.ipynb\ndata/\n", "src/a.ipynb": "1", "src/data/b/c": "1"}
    run = place.go(repository.commit(jobs, {**FILES, **ignored, "src/keep.ipynb": "1"}))
    assert place.output(run, "train").split() == ["./keep.ipynb", "./run.py"]
    again = place.go(repository.commit(jobs, {"src/a.ipynb": "2", "src/data/b/d": "3"}))
    assert place.statuses(again) == {"train": "reused"}
    place.go(repository.commit(jobs, {"src/keep.ipynb": "2"}))
    assert witness.times["train"] == 2


def test_each_step_may_write_into_its_working_directory_and_the_code_stays_as_it_is(
    place: Place, repository: Repository
) -> None:
    spoils = "printf x > here.txt; printf y >> run.py; ls > ${{outputs.out}}"
    jobs = {
        "one": job(spoils, ("out",), code="./src"),
        "two": job("cat run.py > ${{outputs.out}}; ls here.txt || true", ("out",), code="./src", depends_on=["one"]),
    }
    run = place.go(repository.commit(jobs, FILES))
    assert run.status is RunStatus.SUCCEEDED
    assert "here.txt" in place.output(run, "one")
    assert place.output(run, "two") == FILES["src/run.py"]
    assert "No such file" in Path(place.steps(run)["two"].log).read_text()


def test_an_executable_of_the_code_can_be_executed(place: Place, repository: Repository) -> None:
    repository.write("src/run.sh", "#!/bin/sh\necho ran")
    (repository.folder / "src/run.sh").chmod(0o755)
    for includes in ([], ["./common"]):
        jobs = {"train": job("./run.sh > ${{outputs.out}}", ("out",), code="./src", additional_includes=includes)}
        assert place.output(place.go(repository.commit(jobs, FILES)), "train") == "ran\n"


def test_a_command_may_name_its_step(place: Place, repository: Repository) -> None:
    run = place.go(repository.commit({"train": job('echo "at ${{name}}" ${{ name }} > ${{outputs.out}}', ("out",))}))
    assert place.output(run, "train") == "at train train\n"
