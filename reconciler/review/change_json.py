"""What a change adds to the JSON of its plan, for programs."""

from __future__ import annotations

from typing import Any

from reconciler.planning.expected_time import PipelineTime, StepTime
from reconciler.review.change import ChangePlan


def change_json(change: ChangePlan, plan: dict[str, Any]) -> dict[str, Any]:
    """The JSON of a plan with what is known besides; untouched pipelines are listed without their steps."""
    touched = [{**each, "touched": True, **_time_json(change.times[each["name"]])} for each in plan["pipelines"]]
    apart = [
        {
            "name": name,
            "action": "none",
            "reasons": ["is not touched by the change"],
            "steps": [],
            "lock": [],
            "touched": False,
        }
        for name in change.untouched
    ]
    return {
        **plan,
        "pipelines": [*touched, *apart],
        "manifests": [
            {
                "change": each.change,
                "kind": each.kind,
                "name": each.name,
                "file": each.file,
                "from": each.old,
                "to": each.new,
                "content_alone": each.is_content_alone,
            }
            for each in change.manifests
        ],
        "unknown": [": ".join(filter(None, (note.what, ", ".join(note.named)))) for note in change.unknown],
    }


def _time_json(time: PipelineTime) -> dict[str, Any]:
    """Seconds; of what never ran nothing is known, and it counts as nothing."""
    return {
        "expected": {
            "wall_seconds": [round(time.wall, 3), round(time.most_wall, 3)],
            "work_seconds": [round(time.work, 3), round(time.most_work, 3)],
            "unknown": list(time.unknown),
            "steps": {name: _step_json(each) for name, each in time.steps.items()},
        }
    }


def _step_json(time: StepTime | None) -> dict[str, Any] | None:
    if time is None:
        return None
    return {
        "median": round(time.median, 3),
        "shortest": round(time.shortest, 3),
        "longest": round(time.longest, 3),
        "count": time.count,
        "same_definition": time.is_same,
    }
