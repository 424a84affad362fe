"""Windows of the configuration: times in which runs may not start, or in which alone they may."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reconciler.model.durations import parse_duration
from reconciler.model.errors import UsageError
from reconciler.model.problems import Pointer
from reconciler.model.schedules import Cron, Trigger
from reconciler.model.windows import Window
from reconciler.schedules.cron import cron_problem
from reconciler.schedules.zones import UnknownZoneError, iana_name

_AT = ("windows",)
_DENY, _ALLOW = "deny", "allow"
_ALL = ("*",)
Complaint = Callable[[str, str, Pointer], UsageError]


def read_windows(written: Sequence[Mapping[str, Any]], complaint: Complaint) -> tuple[Window, ...]:
    """The windows, in their order.

    Raises:
        UsageError: an expression, a length or a time zone is none.
    """
    return tuple(_window(each, (*_AT, index), complaint) for index, each in enumerate(written))


def _window(written: Mapping[str, Any], place: Pointer, complaint: Complaint) -> Window:
    if (_DENY in written) == (_ALLOW in written):
        hint = 'write one of the two with a cron expression: `deny: "0 9 * * 1-5"`'
        raise complaint("a window either denies or allows", hint, place)
    key = _DENY if _DENY in written else _ALLOW
    expression = " ".join(str(written[key]).split())
    wrong = cron_problem(expression)
    if wrong:
        raise complaint(*wrong, (*place, key))
    seconds = parse_duration(written["duration"])
    if seconds <= 0:
        raise complaint("the window is over when it opens", "write a length of time such as `8h`", (*place, "duration"))
    return Window(
        key == _DENY,
        Trigger(Cron(expression), _zone(written, place, complaint)),
        seconds,
        tuple(written.get("sources", _ALL)),
        tuple(written.get("pipelines", _ALL)),
    )


def _zone(written: Mapping[str, Any], place: Pointer, complaint: Complaint) -> str:
    name = str(written.get("time_zone", "UTC"))
    try:
        return iana_name(name)
    except UnknownZoneError as error:
        hint = f"did you mean `{error.nearest}`?" if error.nearest else "write `Europe/Berlin`, or Windows' name of it"
        raise complaint(f"there is no time zone `{name}`", hint, (*place, "time_zone")) from error
