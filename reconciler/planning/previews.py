"""What a preview runs, and when what it gave may be taken up by all."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.pipelines import OnNewRevision
from reconciler.model.plan import Actual, PipelineAction, PipelinePlan, Plan
from reconciler.model.previews import Preview, previewed_name
from reconciler.model.snapshot import EntryKind, Snapshot


def touched(plan: Plan) -> tuple[PipelinePlan, ...]:
    """The pipelines that a merge would run."""
    return tuple(each for each in plan.pipelines if each.action is PipelineAction.RUN)


def previewed(planned: PipelinePlan, preview: Preview) -> PipelinePlan:
    """The same under the name of the preview; it registers nothing, copies nothing and promotes nothing."""
    graph = planned.graph
    name = previewed_name(graph.pipeline, preview.number)
    steps = tuple(replace(step, outputs=()) for step in graph.steps)
    apart = replace(
        graph, pipeline=name, steps=steps, promotion=None, is_suspended=False, on_new_revision=OnNewRevision.CANCEL
    )
    reasons = (f"pull request {preview.number}, asked for by {preview.by}", *planned.reasons)
    return replace(planned, name=name, graph=apart, reasons=reasons)


def seen_as(actual: Actual, pipeline: str, name: str) -> Actual:
    """The actual state in which what is known of a pipeline is known of its preview: reasons compare with that."""
    current, steps = dict(actual.current), dict(actual.current_steps)
    if pipeline in current:
        current[name] = current[pipeline]
        steps[name] = steps.get(pipeline, {})
    return replace(actual, current=current, current_steps=steps)


def is_merged(base: Snapshot, head: Snapshot, now: Snapshot) -> bool:
    """Whether all that a pull request changed stands in a revision as it wants it, however it came there.

    A merge, a rebase and a squash all come to that.
    """
    changed = [path for path in head.paths_changed_since(base) if path and not _is_folder(path, base, head)]
    return bool(changed) and all(now.entries.get(path) == head.entries.get(path) for path in changed)


def _is_folder(path: str, *snapshots: Snapshot) -> bool:
    entries = [snapshot.entries[path] for snapshot in snapshots if path in snapshot.entries]
    return all(entry.kind is EntryKind.TREE for entry in entries)
