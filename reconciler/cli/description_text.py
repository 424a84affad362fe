"""A description for people: one heading, and a table for each thing there is to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.cli.lock_table import place_of
from reconciler.cli.output import harmless, print_table, say

Body = Mapping[str, Any]


def show_description(body: Body) -> None:
    """Print all that a description holds; what is empty is left out, save what a reader would look for in vain."""
    _say(f"{body['kind']} {body['name']}")
    for label, value in _facts(body):
        if value:
            _say(f"{label:<10} {value}")
    _table(
        ("CONDITION", "STATUS", "REASON", "SINCE", "MESSAGE"),
        [
            (each["type"], str(each["status"]), each["reason"], each["since"], each["message"])
            for each in body["conditions"]
        ],
    )
    _show_runs(body)
    if body.get("current"):
        say()
        _say(f"{body['current']} is current")
        show_lock(body["lock"], "it kept no lock: it names nothing by a reference, or is older")
    _show_models(body.get("models", ()))
    _show_builds(body)
    _show_registered(body.get("registered", ()))
    _show_uses(body)
    _table(
        ("VERSION APPLIED", "DIGEST", "FIRST AT"),
        [(each["version"], each["digest"][:12], _short(each["revision"])) for each in body.get("versions", ())],
    )
    _show_what_happened(body)


def _facts(body: Body) -> list[tuple[str, str | None]]:
    return [
        ("version", body["version"]),
        ("source", body["source"]),
        ("also in", ", ".join(body["also_in"])),
        ("url", body.get("url")),
        ("branch", body.get("branch")),
        ("revision", body["revision"]),
        ("tried last", body.get("attempted_revision")),
        ("suspended", _suspended(body)),
        ("pinned", _pinned(body)),
        ("pipeline", body.get("pipeline")),
        ("fired", body.get("fired")),
        ("run", body.get("run")),
    ]


def _pinned(body: Body) -> str | None:
    told = body["pin"]
    if told is None:
        return None
    why = f": {told['reason']}" if told["reason"] else ""
    return f"to {_short(told['revision'])} by {told['by']} since {told['since']}{why}"


def _suspended(body: Body) -> str | None:
    if body["suspension"] is None:
        return "in its manifest" if body["suspended"] else None
    told = body["suspension"]
    return f"by {told['by']} since {told['since']}" + (f": {told['reason']}" if told["reason"] else "")


def show_lock(lock: Sequence[Body], otherwise: str) -> None:
    """Print a line for each reference, or why there is none."""
    if not lock:
        _say(otherwise)
        return
    rows = [(each["kind"], each["explained"], place_of(each["tag"], each["commit"])) for each in lock]
    _table(("LOCK", "REFERENCE", "FROM"), list(dict.fromkeys(rows)))


def _show_runs(body: Body) -> None:
    _table(
        ("SCHEDULE", "FIRED", "RUN", "SAYS"),
        [(each["name"], each["fired"] or "", each["run"] or "", each["says"]) for each in body.get("schedules", ())],
    )
    _table(
        ("WAITING REVISION", "SINCE", "TRIGGER"),
        [(_short(each["revision"]), each["since"], each["trigger"]) for each in body.get("waiting", ())],
    )
    _table(
        ("RUN", "STATUS", "TRIGGER", "STARTED", "SECONDS", "REVISION"),
        [
            (
                each["id"],
                each["status"],
                each["trigger"],
                each["started"],
                _seconds(each["seconds"]),
                _short(each["revision"]),
            )
            for each in body.get("runs", ())
        ],
    )


def _show_models(models: Sequence[Body]) -> None:
    _table(
        ("MODEL", "VERSION", "MLFLOW VERSION", "METRIC", "ALIASES", "RUN"),
        [
            (
                each["name"],
                each["semver"] or "",
                each["version"],
                "" if each["metric"] is None else f"{each['metric_name']} {each['metric']:.4f}",
                ", ".join(each["aliases"]),
                each["run"],
            )
            for each in models
        ],
    )


def _show_builds(body: Body) -> None:
    _table(
        ("BUILD", "STATUS", "ENGINE", "DIGEST", "STARTED", "SECONDS", "LOG", "ERROR"),
        [
            (
                each["version"] or "",
                each["status"],
                each["engine"],
                each["digest"][:12],
                each["started"] or "",
                _seconds(each["seconds"]),
                each["log"] or "",
                (each["error"] or "").partition("\n")[0],
            )
            for each in body.get("builds", ())
        ],
    )
    if body.get("builds") == []:
        _say("it was never built: that happens when a step needs it")


def _show_registered(data: Sequence[Body]) -> None:
    _table(
        ("REGISTERED", "TYPE", "DIGEST", "RUN", "STEP"),
        [(each["version"], each["type"], each["digest"][:12], each["run"], each["step"]) for each in data],
    )


def _show_uses(body: Body) -> None:
    uses = body.get("used_by")
    if uses == []:
        _say("no current run is known to have used it")
    _table(
        ("USED BY", "RUN", "VERSION", "REFERENCE", "FROM", "STEPS"),
        [
            (
                each["pipeline"],
                each["run"],
                each["version"] or "",
                ", ".join(each["references"]),
                place_of(each["tag"], each["commit"]) if each["references"] else "",
                ", ".join(each["steps"]),
            )
            for each in uses or ()
        ],
    )


def _show_what_happened(body: Body) -> None:
    _table(
        ("HISTORY", "STATUS", "LAST", "TIMES", "TRIGGER", "REVISION", "MESSAGE"),
        [
            (
                _short(each["what"]),
                each["status"],
                each["last"] or "",
                str(each["count"]),
                each["trigger"] or "",
                _short(each["revision"] or ""),
                (each["message"] or "").partition("\n")[0],
            )
            for each in body.get("history", ())
        ],
    )
    _table(
        ("LAST SEEN", "TYPE", "REASON", "TIMES", "MESSAGE"),
        [
            (each["last"], each["type"], each["reason"], str(each["count"]), each["message"].partition("\n")[0])
            for each in body.get("events", ())
        ],
    )


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if rows:
        say()
        print_table(headers, rows)


def _short(revision: str) -> str:
    branch, _, digest = revision.rpartition("sha1:")
    return f"{branch}sha1:{digest[:10]}" if branch else revision


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _say(line: str) -> None:
    say(harmless(line))
