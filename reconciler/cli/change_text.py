"""The plan of a change in words, for a terminal."""

from __future__ import annotations

from reconciler.cli.output import harmless, say
from reconciler.cli.plan_text import show_plan
from reconciler.model.plan import PipelineAction
from reconciler.planning.manifest_changes import ManifestChange
from reconciler.review.change import ChangePlan
from reconciler.review.wording import counted, pipeline_time_said

_NAMED = 10


def show_change(change: ChangePlan) -> None:
    """The plan, with the manifests that differ, the time that it may take and what could not be known."""
    show_plan(change.plan, "compared with")
    for manifest in change.manifests:
        _say(f"  {manifest.kind} {manifest.name} is {manifest.change}{_version(manifest)}: {manifest.file}")
    for pipeline in change.plan.pipelines:
        if pipeline.action is PipelineAction.RUN:
            _say(f"  expected time of pipeline {pipeline.name}: {pipeline_time_said(change.times[pipeline.name])}")
    if change.untouched:
        more = f" and {len(change.untouched) - _NAMED} more" if len(change.untouched) > _NAMED else ""
        named = ", ".join(change.untouched[:_NAMED])
        _say(f"  {counted(len(change.untouched), 'pipeline')} not touched: {named}{more}")
    for note in change.unknown:
        _say(f"  not known: {note.what}{': ' if note.named else ''}{', '.join(note.named)}")


def _version(change: ManifestChange) -> str:
    if change.is_content_alone:
        return " in what it names"
    if change.old == change.new or not change.old or not change.new:
        return ""
    return f" ({change.old} → {change.new})"


def _say(line: str) -> None:
    say(harmless(line))
