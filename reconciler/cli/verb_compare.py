"""`compare`: the runs of two revisions side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from reconciler.cli.output import CompareFormat, Format, harmless, print_data, print_table, say
from reconciler.model.errors import UsageError
from reconciler.model.manifests import Scalar
from reconciler.model.nearest import did_you_mean
from reconciler.model.runs import Run
from reconciler.planning.comparison import Aspect, Compared, RanSteps, compared
from reconciler.review.comparison_markdown import (
    PipelineComparison,
    comparison_markdown,
    difference_said,
    number_said,
)
from reconciler.state.folder import StateFolder
from reconciler.state.revisions import Revisions, commit_of
from reconciler.state.store import State

_SHOWN_COMMITS = 5
_COMMIT_SHOWN = 12


def compare(first: str, second: str, pipeline: str | None, folder: StateFolder, form: CompareFormat) -> int:
    """Print metrics, params, durations and versions of the newest good runs of two revisions.

    Raises:
        UsageError: a revision or the pipeline is not known, or several commits may be meant.
    """
    state = State(folder)
    try:
        known = Revisions(state.database)
        sides = [_meant(known, text) for text in (first, second)]
        names = [_pipeline(known, pipeline)] if pipeline is not None else known.pipelines()
        runs = [(name, known.run(name, sides[0]), known.run(name, sides[1])) for name in names]
        comparisons = [
            _comparison(state, name, before, after)
            for name, before, after in runs
            if pipeline is not None or before is not None or after is not None
        ]
    finally:
        state.close()
    named = (sides[0][0], sides[1][0])
    match form:
        case CompareFormat.TABLE:
            _show(named, comparisons)
        case CompareFormat.MARKDOWN:
            say(comparison_markdown(*named, comparisons).rstrip("\n"))
        case _:
            print_data(_json(named, comparisons), Format(form))
    return 0


def _meant(known: Revisions, text: str) -> list[str]:
    """The revisions of the one commit that a text means, all branches that it was followed by."""
    found = known.called(text)
    if not found:
        hint = did_you_mean(text, known.known()) or "`reconciler runs` lists what ran, with its revisions"
        raise UsageError(f"nothing is known of revision `{text}`", hint=hint)
    if len(found) > 1:
        commits = ", ".join(commit[:_COMMIT_SHOWN] for commit in sorted(found)[:_SHOWN_COMMITS])
        raise UsageError(f"`{text}` may be any of {len(found)} commits: {commits}", hint="write more of the one meant")
    return next(iter(found.values()))


def _pipeline(known: Revisions, name: str) -> str:
    names = known.pipelines()
    if name not in names:
        hint = did_you_mean(name, names) or "`reconciler get pipelines` lists what there is"
        raise UsageError(f"no run of pipeline `{name}` succeeded yet", hint=hint)
    return name


def _comparison(state: State, pipeline: str, first: Run | None, second: Run | None) -> PipelineComparison:
    ran = [_ran(state, run) if run is not None else None for run in (first, second)]
    return PipelineComparison(pipeline, first, second, compared(*ran))


def _ran(state: State, run: Run) -> RanSteps:
    steps = [step for step in state.runs.steps(run.restored_from or run.id) if not step.trial]
    definitions = state.runs.definitions(step.definition for step in steps if step.definition)
    results = state.results.many([step.fingerprint for step in steps if step.fingerprint])
    return RanSteps(run, steps, definitions, results)


def _show(revisions: tuple[str, str], comparisons: Sequence[PipelineComparison]) -> None:
    say(harmless(f"{revisions[0]} and {revisions[1]}"))
    if not comparisons:
        say("no pipeline has a run that succeeded at either")
    for each in comparisons:
        if each.first and each.second and each.first.id == each.second.id:
            say(harmless(f"pipeline {each.pipeline}: {each.first.id} at both"))
            continue
        runs = " and ".join(run.id if run else "no run" for run in (each.first, each.second))
        say(harmless(f"pipeline {each.pipeline}: {runs}"))
        rows = [
            (f"  {one.aspect}", one.step, one.name, *map(_shown, (one.first, one.second)), difference_said(one))
            for one in each.compared
        ]
        print_table(("  WHAT", "STEP", "NAME", "FIRST", "SECOND", "DIFFERENCE"), rows)


def _shown(value: Scalar | None) -> str:
    return "-" if value is None else number_said(value)


def _json(revisions: tuple[str, str], comparisons: Sequence[PipelineComparison]) -> dict[str, Any]:
    return {
        "first": {"revision": revisions[0], "commit": commit_of(revisions[0])},
        "second": {"revision": revisions[1], "commit": commit_of(revisions[1])},
        "pipelines": [
            {
                "name": each.pipeline,
                "first": _run_json(each.first),
                "second": _run_json(each.second),
                **{f"{aspect}s": _figures_json(each.compared, aspect) for aspect in Aspect},
            }
            for each in comparisons
        ],
    }


def _run_json(run: Run | None) -> dict[str, Any] | None:
    if run is None:
        return None
    restored = run.restored_from or None
    return {"id": run.id, "revision": run.revision, "status": run.status, "restored_from": restored}


def _figures_json(figures: Sequence[Compared], aspect: Aspect) -> list[dict[str, Any]]:
    return [
        {
            "step": each.step or None,
            "name": each.name,
            "first": _number(each.first),
            "second": _number(each.second),
            "difference": each.difference,
            "same": each.is_same,
        }
        for each in figures
        if each.aspect is aspect
    ]


def _number(value: Scalar | None) -> Scalar | None:
    """What JSON knows; it has no word for infinity."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
