"""`models`: the versions of registered models, and which of them is champion."""

from __future__ import annotations

from typing import Any

from reconciler.cli.contract import finite, promotion_json
from reconciler.cli.output import Format, complain, print_data, print_table
from reconciler.cli.run_table import verdict
from reconciler.model.errors import UsageError
from reconciler.model.nearest import did_you_mean
from reconciler.model.runs import Judgement, RegisteredModel
from reconciler.planning.signatures import alias_of
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

_HEADERS = ("NAME", "VERSION", "MLFLOW VERSION", "METRIC", "COMMIT", "RUN", "ALIASES", "PROMOTION")


def models(name: str | None, folder: StateFolder, form: Format) -> int:
    """List the versions of models, the newest first.

    Raises:
        UsageError: there is no model of that name.
    """
    state = State(folder)
    try:
        listed = listed_models(state, name)
        if name is not None and not listed:
            hint = did_you_mean(name, state.runs.model_names(), "see `reconciler models` for those that there are")
            raise UsageError(f"no run has registered a model `{name}`", hint=hint)
    finally:
        state.close()
    if form is not Format.TABLE:
        print_data([model_json(*each) for each in listed], form)
    elif listed:
        print_table(_HEADERS, [_row(*each) for each in listed])
    else:
        complain("no run has registered a model yet")
    return 0


def listed_models(
    state: State, name: str | None = None
) -> list[tuple[RegisteredModel, tuple[str, ...], Judgement | None]]:
    """The versions of models, the newest first, each with its aliases and what became of it at its gate."""
    judgements = state.model_registry.last_judgements()
    return [
        (model, aliases_of(state, model), judgements.get((model.name, model.version)))
        for model in state.model_registry.versions(name)
    ]


def aliases_of(state: State, model: RegisteredModel) -> tuple[str, ...]:
    """The aliases that point at a version now, the one that says its version last."""
    pointing = sorted(
        alias for alias, version in state.model_registry.aliases(model.name).items() if version == model.version
    )
    return (*pointing, alias_of(model.semver)) if model.semver else tuple(pointing)


def model_json(model: RegisteredModel, aliases: tuple[str, ...], judgement: Judgement | None) -> dict[str, Any]:
    return {
        "name": model.name,
        "semver": model.semver or None,
        "version": model.version,
        "metric": model.metric_name or None,
        "value": finite(model.metric),
        "commit": model.commit or None,
        "run": model.run_id,
        "mlflow_run_id": model.mlflow_run_id,
        "aliases": list(aliases),
        "promotion": promotion_json(judgement) if judgement else None,
    }


def _row(model: RegisteredModel, aliases: tuple[str, ...], judgement: Judgement | None) -> tuple[str, ...]:
    return (
        model.name,
        model.semver,
        model.version,
        f"{model.metric_name} {model.metric:.4f}" if model.metric is not None else "",
        model.commit[:10],
        model.run_id,
        ", ".join(aliases),
        verdict(judgement) if judgement else "",
    )
