"""`trace`: from a model, a pipeline or a run back to the commit that made it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reconciler.cli.contract import finite, promotion_json
from reconciler.cli.output import Format, print_data, print_table, say
from reconciler.cli.reads import reads_of
from reconciler.cli.step_trace import run_and_step, show_step, trace_step
from reconciler.cli.verb_models import aliases_of
from reconciler.cli.whereabouts import Where
from reconciler.model.errors import ReconcilerError, UnknownError
from reconciler.model.manifests import Kind
from reconciler.model.nearest import did_you_mean
from reconciler.model.pipelines import CHAMPION
from reconciler.model.runs import RegisteredModel, Run
from reconciler.model.snapshot import Commit
from reconciler.source.mirror import Mirror
from reconciler.state.store import State


def trace(target: str, where: Where, form: Format) -> int:
    """Print where a model or run comes from: run, commit, versions, data, and which run made each result.

    Raises:
        UsageError: there is nothing of that name.
    """
    with reads_of(where) as reads:
        body = reads.trace(target)
    if form is not Format.TABLE:
        print_data(body, form)
    elif "step" in body:
        show_step(body)
    else:
        _show(body)
    return 0


def trace_json(state: State, target: str) -> dict[str, Any]:
    """Where a model, a run or a step comes from.

    Raises:
        UsageError: there is nothing of that name.
    """
    step = run_and_step(state, target)
    if step is not None:
        body, made_in = trace_step(state, *step)
        return {"target": target, **body, "commit": _commit_json(_commit(state, made_in))}
    run, model = _find(state, target)
    made_by = state.runs.get(run.restored_from) if run.restored_from else run
    body = _trace(state, target, _label(state, model) if model else "", run, made_by or run)
    return body | _of_model(state, model) if model else body


def _commit_json(commit: Commit | None) -> dict[str, Any] | None:
    if commit is None:
        return None
    return {"id": commit.id, "author": commit.author, "authored": commit.authored, "subject": commit.subject}


def _find(state: State, target: str) -> tuple[Run, RegisteredModel | None]:
    """The run to start from, and the model version where the target is a model.

    Raises:
        UsageError: there is nothing of that name, or no such version of that model.
    """
    run = state.runs.get(target)
    if run is not None:
        return run, None
    model = _model(state, target)
    found = state.runs.get(model.run_id) if model else None
    if found is not None:
        return found, model
    current_run = state.runs.current(target) or next(iter(state.runs.recent(target, limit=1)), None)
    if current_run is None:
        otherwise = "see `reconciler runs` for runs, `reconciler get` for pipelines and `reconciler models` for models"
        hint = did_you_mean(target, state.runs.model_names(), otherwise)
        raise UnknownError(f"there is no model, pipeline or run `{target}`", hint=hint)
    return current_run, None


def _model(state: State, target: str) -> RegisteredModel | None:
    """A version of a model: by alias, by semantic version, or the champion, else the newest one with an alias."""
    named = state.runs.models_named(target)
    if named:
        pointing = state.model_registry.aliases(target)
        at = pointing.get(CHAMPION) or next(iter(pointing.values()), named[0].version)
        return next((model for model in named if model.version == at), named[0])
    for sign in ("@", ":"):
        name, _, wanted = target.rpartition(sign)
        versions = state.runs.models_named(name) if name else []
        if not versions:
            continue
        shown = {model: (*aliases_of(state, model), model.semver) for model in versions}
        made = (model for model in reversed(versions) if wanted and wanted in shown[model])
        chosen = next(made, None)
        if chosen is None:
            known = ", ".join(dict.fromkeys(filter(None, (name for names in shown.values() for name in names))))
            what = "alias" if sign == "@" else "version"
            raise UnknownError(f"the model `{name}` has no {what} `{wanted}`", hint=f"there are {known or 'none'}")
        return chosen
    return None


def _label(state: State, model: RegisteredModel) -> str:
    pointing = sorted(state.model_registry.aliases(model.name).items())
    aliases = ", ".join(alias for alias, at in pointing if at == model.version)
    label = f"{model.name} version {model.version}" + (f" ({aliases})" if aliases else "")
    return f"{label}, {model.semver}" if model.semver else label


def _of_model(state: State, model: RegisteredModel) -> dict[str, Any]:
    judgement = state.model_registry.last_judgements().get((model.name, model.version))
    return {
        "semver": model.semver or None,
        "aliases": list(aliases_of(state, model)),
        "metric": model.metric_name or None,
        "value": finite(model.metric),
        "promotion": promotion_json(judgement) if judgement else None,
    }


def _trace(state: State, target: str, model: str, run: Run, made_by: Run) -> dict[str, Any]:
    commit = _commit(state, run)
    definitions = state.runs.definitions(step.definition for step in state.runs.steps(run.id))
    steps = []
    for step in state.runs.steps(run.id):
        definition = definitions.get(step.definition)
        if step.trial or definition is None:
            continue
        steps.append(
            {
                "name": step.name,
                "component": f"{definition.component} {definition.version or ''}".strip(),
                "environment": definition.environment,
                "made_by": step.reused_from or run.id,
                "fingerprint": step.fingerprint,
                "data": {
                    name: digest for name, digest in step.inputs.items() if digest.startswith(("git:", "sha256:"))
                },
            }
        )
    return {
        "target": target,
        "model": model or None,
        "run": run.id,
        "status": run.status,
        "restored_from": run.restored_from or None,
        "mlflow_run_id": made_by.mlflow_run_id,
        "source": run.source,
        "revision": run.revision,
        "commit": _commit_json(commit),
        "data": [
            {"name": each.name, "version": each.version, "tag": each.tag or None, "digest": each.digest}
            for each in run.lock
            if each.kind is Kind.DATA
        ],
        "steps": steps,
    }


def _commit(state: State, run: Run) -> Commit | None:
    source = state.sources.get(run.source)
    mirror_folder = state.folder.sources / f"{run.source}.git"
    if source is None or not Path(mirror_folder).exists() or run.revision.startswith("worktree"):
        return None
    mirror = Mirror(source.url, source.branch, mirror_folder)
    try:
        return mirror.commit(run.revision.rpartition("sha1:")[2])
    except (ReconcilerError, ValueError):
        return None
    finally:
        mirror.close()


def _show(body: dict[str, Any]) -> None:
    if body["model"]:
        say(f"model     {body['model']}")
        if body["value"] is not None:
            say(f"metric    {body['metric']} {body['value']:.6g}")
        if body["promotion"]:
            say(f"promoted  {'yes' if body['promotion']['promoted'] else 'no'}: {body['promotion']['why']}")
    restored = f", restored from {body['restored_from']}" if body["restored_from"] else ""
    say(f"run       {body['run']} ({body['status']}{restored})")
    say(f"mlflow    {body['mlflow_run_id'] or 'not recorded'}")
    say(f"revision  {body['revision']} of source {body['source']}")
    if body["commit"]:
        say(f"commit    {body['commit']['subject']} · {body['commit']['author']} · {body['commit']['authored']}")
    for each in body["data"] if body["model"] else ():
        say(f"data      {each['name']} {each['version'] or ''}".rstrip())
    print_table(
        ("STEP", "COMPONENT", "ENVIRONMENT", "MADE BY", "FINGERPRINT", "DATA"),
        [
            (
                step["name"],
                step["component"],
                step["environment"],
                step["made_by"],
                step["fingerprint"][:12],
                ", ".join(f"{name} {digest[:16]}" for name, digest in step["data"].items()),
            )
            for step in body["steps"]
        ],
    )
