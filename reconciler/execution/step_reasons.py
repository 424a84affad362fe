"""Why a step of a run is executed or reused, once what it reads is known."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.plan import Actual
from reconciler.model.runs import Result
from reconciler.model.steps import Graph, Step
from reconciler.planning.diff import change_reasons, input_reasons, reuse_reason


def reasons_to_run(step: Step, inputs: Mapping[str, str], graph: Graph, actual: Actual) -> tuple[str, ...]:
    """What differs from the run that counts, or who wants it run all the same."""
    reasons = [
        *change_reasons(step, graph.pipeline, actual),
        *input_reasons(step, inputs, graph.pipeline, actual),
    ]
    if not step.is_deterministic:
        reasons.append("is not deterministic")
    if graph.force_rerun:
        reasons.append("a run of every step was asked for")
    return tuple(reasons) or ("its result is not known any more",)


def reason_to_reuse(step: Step, result: Result, results: Mapping[str, Result], run_id: str) -> str:
    """Where the result comes from, and whether steps before it ran without making a difference.

    Args:
        results: of the steps of the run so far, by name.
    """
    ran = [name for name in step.after if name in results and results[name].run_id == run_id]
    if ran and all(results[name].run_id != result.run_id for name in ran):
        return f"{', '.join(ran)} wrote the same content as before; {reuse_reason(result)}"
    return reuse_reason(result)
