"""Time zones by the names that people write: IANA's and Windows'."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo, available_timezones


class UnknownZoneError(ValueError):
    """There is no such time zone; `nearest` is a name that may be meant, "" for none."""

    def __init__(self, name: str, nearest: str) -> None:
        super().__init__(name)
        self.nearest = nearest


def iana_name(written: str) -> str:
    """The IANA name of a zone that is written in either way, capital or small.

    Raises:
        UnknownZoneError: there is no such zone.
    """
    name = written.strip()
    known = _names().get(name.lower())
    if known is not None:
        return known
    nearest = get_close_matches(name.lower(), _names(), n=1)
    raise UnknownZoneError(name, _spelt(nearest[0]) if nearest else "")


def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name that is known to exist."""
    return ZoneInfo(name)


def moment_of(local: datetime, where: ZoneInfo) -> datetime:
    """The moment of a local time, in UTC.

    One that occurs twice means the first; one that does not exist the next moment that does.
    """
    moment = local.replace(tzinfo=where, fold=0).astimezone(UTC)
    if moment.astimezone(where).replace(tzinfo=None) == local:
        return moment
    return _end_of_gap(local, where)


def _end_of_gap(local: datetime, where: ZoneInfo) -> datetime:
    """The moment at which clocks are put forward over a local time."""
    before = local.replace(tzinfo=where, fold=1).astimezone(UTC)
    after = local.replace(tzinfo=where, fold=0).astimezone(UTC)
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(where).replace(tzinfo=None) < local:
            before = middle
        else:
            after = middle
    return after


@cache
def _windows_names() -> dict[str, str]:
    from tzlocal.windows_tz import win_tz

    return dict(win_tz)


@cache
def _names() -> dict[str, str]:
    """IANA names by all names in small letters."""
    names = {name.lower(): name for name in available_timezones()}
    return {**{name.lower(): means for name, means in _windows_names().items()}, **names}


def _spelt(lower: str) -> str:
    """A name as it is written, of one in small letters."""
    return next((name for name in _windows_names() if name.lower() == lower), _names()[lower])
