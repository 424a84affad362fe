"""Aliases put back: where a restored run had them, or where a run that came to nothing found them."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.execution.recorder import Urgency
from reconciler.execution.site import Site
from reconciler.model.runs import Judgement, RegisteredModel, Run
from reconciler.tracking.base import ModelMark, ModelVersion


def take_back(site: Site, run: Run) -> None:
    """Put the alias back that a step of a run has moved which never came to its gate, and never will.

    Raises:
        TrackingError: MLflow does not do it.
    """
    alias = site.state.model_registry.alias_at_stake(run.id)
    if not alias or not run.mlflow_run_id:
        return
    before = site.state.model_registry.champions_before(run.id) or {}
    made = {(each.name, each.version) for each in site.tracking.registered([], run.mlflow_run_id).result()}
    holders = site.tracking.holders(alias, sorted({name for name, _ in made})).result() if made else {}
    marks = [
        ModelMark(name, before[name], aliases=(alias,)) if before.get(name) else ModelMark(name, version, lost=(alias,))
        for name, version in holders.items()
        if (name, version) in made
    ]
    if marks:
        site.tracking.mark(marks).result()


def restore_models(site: Site, models: Sequence[RegisteredModel], judgements: Sequence[Judgement]) -> None:
    """Put the aliases back on the versions that held them when the restored run ended.

    Raises:
        TrackingAwayError: MLflow is away; it is not tried again from here.
        TrackingError: MLflow does not do it.
    """
    wanted = {(model.name, alias): model.version for model in models for alias in model.aliases}
    wanted |= {(each.name, each.alias): each.holder for each in judgements if each.holder}
    made_by = {(model.name, model.version): model.mlflow_run_id for model in models}
    if not wanted:
        return
    versions = [
        ModelVersion(name, version, (alias,), made_by.get((name, version), ""))
        for (name, alias), version in wanted.items()
    ]

    def put_back() -> None:
        site.tracking.set_aliases(versions).result()
        with site.state.database.transaction():
            for (name, alias), version in wanted.items():
                site.state.model_registry.move_alias(name, alias, version)
            for each in judgements:
                site.state.model_registry.change_champion(each.name, each.holder, each.run_id)

    site.recorder.submit(put_back, Urgency.STEP, is_left=lambda: True).result()
