"""`models`: the versions of registered models, and which of them is champion."""

from __future__ import annotations

from typing import Any

from reconciler.cli.contract import finite, promotion_json
from reconciler.cli.output import Format, complain, print_data, print_table
from reconciler.cli.reads import reads_of
from reconciler.cli.run_table import verdict
from reconciler.cli.whereabouts import Where
from reconciler.model.errors import UnknownError
from reconciler.model.nearest import did_you_mean
from reconciler.model.runs import Judgement, RegisteredModel
from reconciler.planning.signatures import alias_of
from reconciler.state.store import State

Body = dict[str, Any]
_HEADERS = ("NAME", "VERSION", "MLFLOW VERSION", "METRIC", "COMMIT", "RUN", "ALIASES", "PROMOTION")


def models(name: str | None, where: Where, form: Format) -> int:
    """List the versions of models, the newest first.

    Raises:
        UsageError: there is no model of that name.
    """
    with reads_of(where) as reads:
        listed = reads.models(name)
    if form is not Format.TABLE:
        print_data(listed, form)
    elif listed:
        print_table(_HEADERS, [_row(each) for each in listed])
    else:
        complain("no run has registered a model yet")
    return 0


def models_json(state: State, name: str | None = None) -> list[Body]:
    """The versions of models, the newest first.

    Raises:
        UnknownError: there is no model of that name.
    """
    listed = listed_models(state, name)
    if name is not None and not listed:
        hint = did_you_mean(name, state.runs.model_names(), "see `reconciler models` for those that there are")
        raise UnknownError(f"no run has registered a model `{name}`", hint=hint)
    return [model_json(*each) for each in listed]


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


def model_json(model: RegisteredModel, aliases: tuple[str, ...], judgement: Judgement | None) -> Body:
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


def _row(body: Body) -> tuple[str, ...]:
    return (
        body["name"],
        body["semver"] or "",
        body["version"],
        f"{body['metric']} {body['value']:.4f}" if body["value"] is not None else "",
        (body["commit"] or "")[:10],
        body["run"],
        ", ".join(body["aliases"]),
        verdict(body["promotion"]) if body["promotion"] else "",
    )
