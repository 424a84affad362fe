"""The plan of a change as Markdown for a pull request: what is to be decided on, and what explains it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from reconciler.model.plan import EnvironmentAction, PipelineAction, PipelinePlan, Plan, StepAction, VersionPlan
from reconciler.model.problems import Problem
from reconciler.planning.manifest_changes import ManifestChange
from reconciler.review.change import ChangePlan, Unknown
from reconciler.review.escape import cell, code, html_code
from reconciler.review.markdown import LIMIT, Block, Fold, Row, fitted, line, table
from reconciler.review.mermaid import graph_of
from reconciler.review.wording import counted, length, pipeline_time_said, step_time_said

_MARKS = {StepAction.RUN: "**run**", StepAction.MAYBE: "*maybe*", StepAction.REUSE: "reuse"}
# What is left out first where a comment cannot hold all: the rows of the highest rank.
_TITLE, _ERRORS, _PIPELINES, _VERDICTS, _RUNNING, _MAYBE, _MANIFESTS, _GRAPHS, _UNTOUCHED, _REUSED, _IDLE = range(11)
_RANKS = {StepAction.RUN: _RUNNING, StepAction.MAYBE: _MAYBE, StepAction.REUSE: _REUSED}
_ACTIONS = {PipelineAction.RUN: "**run**", PipelineAction.RESTORE: "**restore**", PipelineAction.NONE: "–"}
_REASONS = 4


def plan_comment(change: ChangePlan, limit: int = LIMIT, is_folding: bool = True, more: Sequence[Block] = ()) -> str:
    """The whole comment, in so many bytes at most.

    Args:
        is_folding: whether the forge folds and draws graphs.
        more: what else is told, which stands below the title.
    """
    title, *blocks = plan_blocks(change, is_folding)
    return fitted([title, *more, *blocks], limit, is_folding)


def plan_blocks(change: ChangePlan, has_graphs: bool = True) -> list[Block]:
    """The parts of the comment in the order in which they stand."""
    made = change.plan
    return [
        Block(_TITLE, "title", head=_title(change)),
        *_problems(made.problems),
        *_pipelines(change),
        *_environments(made),
        *_versions(made.versions),
        *_steps(change, has_graphs),
        *_manifests(change.manifests),
        *_untouched(change.untouched),
        *_unknown(change.unknown),
    ]


def _title(change: ChangePlan) -> str:
    made = change.plan
    return "\n\n".join(
        (
            f"### Plan: {headline(change)}",
            f"{code(made.revision)} against {code(made.base)}, the last commit that both have in common.",
        )
    )


def headline(change: ChangePlan) -> str:
    """What the change comes to, in a line."""
    made = change.plan
    if made.has_errors:
        return f"refused, {counted(sum(problem.is_error for problem in made.problems), 'error')}"
    runs = sum(each.action is PipelineAction.RUN for each in made.pipelines)
    restored = sum(each.action is PipelineAction.RESTORE for each in made.pipelines)
    builds = sum(each.action is EnvironmentAction.BUILD for each in made.environments)
    told = [
        f"{counted(count, what)} {verb}"
        for count, what, verb in (
            (runs, "pipeline", "to run"),
            (restored, "pipeline", "to restore"),
            (builds, "environment", "to build"),
        )
        if count
    ]
    if not told:
        return "nothing to do"
    expected = _expected(change)
    return ", ".join(told) + (f", {expected}" if expected else "")


def _expected(change: ChangePlan) -> str:
    """How long until all of it is done, where anything is known; pipelines run side by side."""
    times = [time for time in change.times.values() if any(each is not None for each in time.steps.values())]
    if not times:
        return ""
    least, most = max(time.wall for time in times), max(time.most_wall for time in times)
    told = length(most) if length(least) == length(most) else f"{length(least)} to {length(most)}"
    return f"about {told}"


def _problems(problems: Sequence[Problem]) -> Iterator[Block]:
    if not problems:
        return
    ordered = sorted(problems, key=lambda problem: not problem.is_error)
    rows = [
        Row(
            line(
                (
                    f"**{problem.severity}**" if problem.is_error else str(problem.severity),
                    cell(f"{problem.file}:{problem.line}:{problem.column}"),
                    f"{cell(problem.code)} {cell(problem.message)}",
                    cell(problem.hint),
                )
            ),
            _ERRORS if problem.is_error else _MANIFESTS,
        )
        for problem in ordered
    ]
    yield Block(_ERRORS, "problems", table(("", "where", "what is wrong", "how to mend it")), rows)


def _pipelines(change: ChangePlan) -> Iterator[Block]:
    if not change.plan.pipelines:
        return
    rows = [
        Row(
            line(
                (
                    cell(each.name),
                    _ACTIONS[each.action],
                    _counts(each),
                    pipeline_time_said(change.times[each.name]),
                    _why(each.reasons),
                )
            ),
            _IDLE if each.action is PipelineAction.NONE else _PIPELINES,
        )
        for each in change.plan.pipelines
    ]
    yield Block(_PIPELINES, "pipelines", table(("pipeline", "", "steps", "expected time", "why")), rows)


def _counts(pipeline: PipelinePlan) -> str:
    if pipeline.action is not PipelineAction.RUN:
        return f"{len(pipeline.steps)} as they are"
    counts = {action: sum(step.action is action for step in pipeline.steps) for action in StepAction}
    return ", ".join(f"{count} {action}" for action, count in counts.items() if count)


def _steps(change: ChangePlan, has_graphs: bool) -> Iterator[Block]:
    for pipeline in change.plan.pipelines:
        if pipeline.action is PipelineAction.NONE and not pipeline.graph.hindrances:
            continue
        if pipeline.action is not PipelineAction.RESTORE:
            times = change.times[pipeline.name].steps
            rows = [
                Row(
                    line(
                        (
                            cell(step.name),
                            _MARKS[step.action],
                            step_time_said(times[step.name]) if step.name in times else "–",
                            _why(step.reasons),
                        )
                    ),
                    _RANKS[step.action],
                )
                for step in pipeline.steps
            ]
            fold = _fold("Steps of ", pipeline.name, f": {_counts(pipeline)}")
            yield Block(_RUNNING, "steps", table(("step", "", "took before", "why")), rows, fold=fold)
        if has_graphs:
            yield Block(_GRAPHS, "graphs", graph_of(pipeline), fold=_fold("Graph of ", pipeline.name))


def _environments(made: Plan) -> Iterator[Block]:
    built = [each for each in made.environments if each.action is EnvironmentAction.BUILD]
    if built:
        rows = [Row(line((cell(each.name), cell(each.version or ""), _why(each.reasons)))) for each in built]
        yield Block(_VERDICTS, "environments", table(("environment to build", "version", "why")), rows)


def _versions(versions: Sequence[VersionPlan]) -> Iterator[Block]:
    if not versions:
        return
    rows = [
        Row(
            line(
                (
                    f"{each.kind} {cell(each.name)}",
                    f"{cell(each.old or '')} → {cell(each.new or '')}",
                    str(each.required),
                    "yes" if each.is_ok else f"**no**, write {cell(each.wanted)}",
                    _why((*each.why, *([each.note] if each.note else []))),
                )
            ),
            _MANIFESTS if each.is_ok else _ERRORS,
        )
        for each in versions
    ]
    yield Block(_VERDICTS, "versions", table(("version of", "", "demanded", "honest?", "why")), rows)


def _manifests(changes: Sequence[ManifestChange]) -> Iterator[Block]:
    if not changes:
        return
    rows = [
        Row(line((str(each.change), f"{each.kind} {cell(each.name)}", _version_of(each), cell(each.file))))
        for each in changes
    ]
    fold = _fold(f"Manifests: {manifest_counts(changes)}")
    yield Block(_MANIFESTS, "manifests", table(("", "manifest", "version", "file")), rows, fold=fold)


def manifest_counts(changes: Sequence[ManifestChange]) -> str:
    """How many manifests came, changed and went."""
    counts: dict[str, int] = {}
    for each in changes:
        counts[each.change] = counts.get(each.change, 0) + 1
    return ", ".join(f"{count} {change}" for change, count in counts.items())


def _version_of(change: ManifestChange) -> str:
    if change.is_content_alone:
        return "what it names changed"
    if change.old == change.new or change.old is None or change.new is None:
        return cell(change.new or change.old or "")
    return f"{cell(change.old)} → {cell(change.new)}"


def _untouched(names: Sequence[str]) -> Iterator[Block]:
    if names:
        fold = _fold(f"{counted(len(names), 'pipeline')} not touched")
        yield Block(_UNTOUCHED, "pipelines not touched", rows=[Row(f"- {code(name)}") for name in names], fold=fold)


def _unknown(notes: Sequence[Unknown]) -> Iterator[Block]:
    if notes:
        rows = [Row(f"- {note.what}{': ' if note.named else ''}{', '.join(map(code, note.named))}") for note in notes]
        yield Block(_VERDICTS, "notes", "What could not be known:\n", rows)


def _fold(before: str, name: str = "", behind: str = "") -> Fold:
    """Words of our own around a name, if there is one."""
    if not name:
        return Fold(before, before)
    return Fold(f"{before}{html_code(name)}{behind}", f"{before}{code(name)}{behind}")


def _why(reasons: Iterable[str]) -> str:
    told = list(reasons)
    more = f" and {len(told) - _REASONS} more" if len(told) > _REASONS else ""
    return "; ".join(cell(reason) for reason in told[:_REASONS]) + more if told else ""
