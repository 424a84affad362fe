"""What a run was made of, as a tag of its root run in MLflow."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from reconciler.model.releases import Resolution

LOCK_TAG = "reconciler.lock"
_MOST_CHARACTERS = 8000  # MLflow takes no longer tag


def lock_tags(lock: Sequence[Resolution]) -> Mapping[str, str]:
    """The tag with the versions that the references came to; none where a run has no references.

    Of a lock that is too long, the first references are told and how many more there are; the state keeps all of it.
    """
    if not lock:
        return {}
    told = [_encoded(_body(resolution)) for resolution in lock]
    whole = _joined(told)
    return {LOCK_TAG: whole if len(whole) <= _MOST_CHARACTERS else _cut(told)}


def _body(resolution: Resolution) -> dict[str, str | None]:
    body = {"kind": resolution.kind, "reference": resolution.reference, "version": resolution.version}
    from_tag = {"tag": resolution.tag, "commit": resolution.commit} if resolution.tag else {}
    return {**body, **from_tag}


def _cut(told: Sequence[str]) -> str:
    room = _MOST_CHARACTERS - len(_joined([_more(len(told))]))
    shown: list[str] = []
    for each in told:
        room -= len(each) + 1
        if room < 0:
            break
        shown.append(each)
    return _joined([*shown, _more(len(told) - len(shown))])


def _more(count: int) -> str:
    return _encoded({"more": count})


def _joined(told: Sequence[str]) -> str:
    return f"[{','.join(told)}]"


def _encoded(body: Mapping[str, object]) -> str:
    return json.dumps(body, separators=(",", ":"))
