"""Outputs that a pipeline registers as data assets and models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from reconciler.model.runs import RunStatus
from reconciler.planning.registered import registered_source

from .diary import Diary
from .place import Place
from .repository import Repository, job, writes


def registering(text: str, kind: str = "uri_file", **more: Any) -> dict[str, Any]:
    return {**job(writes(text)), "outputs": {"out": {"type": kind, "name": "rows", **more}}}


def versions(place: Place) -> list[str]:
    return [known.version for known in place.state.assets.named("rows")]


def test_an_output_becomes_a_version_of_a_data_asset(place: Place, repository: Repository) -> None:
    run = place.go(repository.commit({"prepare": registering("1")}))
    (kept,) = place.state.assets.all()
    assert (kept.name, kept.version, kept.type, kept.run_id, kept.step) == (
        "rows",
        "1.0.0",
        "uri_file",
        run.id,
        "prepare",
    )
    assert place.state.outputs.path(kept.digest).read_text() == "1"


def test_other_content_is_the_next_version_and_equal_content_is_none(place: Place, repository: Repository) -> None:
    for text, expected in (("1", ["1.0.0"]), ("2", ["1.0.0", "2.0.0"]), ("2", ["1.0.0", "2.0.0"])):
        place.go(repository.commit({"prepare": registering(text)}))
        assert versions(place) == expected


def test_a_reused_step_registers_too(place: Place, repository: Repository) -> None:
    plain = {**job(writes("1")), "outputs": {"out": {"type": "uri_file"}}}
    place.go(repository.commit({"prepare": plain}))
    again = place.go(repository.commit({"prepare": registering("1")}))
    assert place.statuses(again) == {"prepare": "reused"}
    assert versions(place) == ["1.0.0"]


def test_a_version_that_holds_other_content_stays_and_the_step_says_so(place: Place, repository: Repository) -> None:
    first = place.go(repository.commit({"prepare": registering("1", version="1.2.0")}))
    second = place.go(repository.commit({"prepare": registering("2", version="1.2.0")}))
    assert second.status is RunStatus.SUCCEEDED
    assert versions(place) == ["1.2.0"]
    said = place.steps(second)["prepare"].reasons[-1]
    assert said.startswith(f"out is not registered: data asset rows 1.2.0 holds other content since {first.id}")


def test_a_model_goes_to_the_registry_with_what_made_it(
    open_place: Callable[..., Place], repository: Repository, tmp_path: Path
) -> None:
    diary = Diary(tmp_path / "diary")
    place = open_place(tracking=diary)
    written = {**registering("", "custom_model"), "command": "echo m > ${{outputs.out}}/model.txt"}
    run = place.go(repository.commit({"train": written}))
    (wanted,) = diary.models
    step = place.steps(run)["train"]
    assert (wanted.name, wanted.run_id, wanted.digest) == ("rows", step.mlflow_run_id, step.outputs["out"])
    assert wanted.tags["reconciler.fingerprint"] == step.fingerprint
    assert [(known.type, known.digest) for known in place.state.assets.all()] == [("custom_model", wanted.digest)]


def test_what_was_registered_can_be_read_by_a_later_step(place: Place, repository: Repository) -> None:
    tree = repository.commit({"prepare": registering("1")})
    place.go(tree)
    (kept,) = place.state.assets.all()
    path = place.site.workspace.content_path(registered_source(kept, "lending.yaml"), kept.digest, tree.objects)
    assert path.read_text() == "1"
