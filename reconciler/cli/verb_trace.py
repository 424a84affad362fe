"""`trace`: from a model, a pipeline or a run back to the commit that made it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reconciler.cli.output import Format, print_data, print_table, say
from reconciler.model.errors import ReconcilerError, UsageError
from reconciler.model.runs import Run
from reconciler.model.snapshot import Commit
from reconciler.source.mirror import Mirror
from reconciler.state.folder import StateFolder
from reconciler.state.store import State


def trace(target: str, folder: StateFolder, form: Format) -> int:
    """Print where a model or run comes from: run, commit, versions, data, and which run made each result."""
    state = State(folder)
    try:
        run, model = _find(state, target)
        made_by = state.runs.get(run.restored_from) if run.restored_from else run
        body = _trace(state, target, model, run, made_by or run)
        if form is not Format.TABLE:
            print_data(body, form)
        else:
            _show(body)
        return 0
    finally:
        state.close()


def _find(state: State, target: str) -> tuple[Run, str]:
    """The run to start from, and the model version where the target is a model."""
    run = state.runs.get(target)
    if run is not None:
        return run, ""
    models = state.runs.models_named(target)
    if models:
        current = next((model for model in models if model.aliases), models[0])
        found = state.runs.get(current.run_id)
        if found is not None:
            return found, f"{current.name} version {current.version}" + (
                f" ({', '.join(current.aliases)})" if current.aliases else ""
            )
    current_run = state.runs.current(target) or next(iter(state.runs.recent(target, limit=1)), None)
    if current_run is None:
        hint = "see `reconciler runs` for runs and `reconciler get` for pipelines"
        raise UsageError(f"there is no model, pipeline or run `{target}`", hint=hint)
    return current_run, ""


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
        "commit": None
        if commit is None
        else {"id": commit.id, "author": commit.author, "authored": commit.authored, "subject": commit.subject},
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
    restored = f", restored from {body['restored_from']}" if body["restored_from"] else ""
    say(f"run       {body['run']} ({body['status']}{restored})")
    say(f"mlflow    {body['mlflow_run_id'] or 'not recorded'}")
    say(f"revision  {body['revision']} of source {body['source']}")
    if body["commit"]:
        say(f"commit    {body['commit']['subject']} · {body['commit']['author']} · {body['commit']['authored']}")
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
