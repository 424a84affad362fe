"""Names of time zones."""

from __future__ import annotations

import pytest

from reconciler.schedules.zones import UnknownZoneError, iana_name


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("UTC", "UTC"),
        ("Eastern Standard Time", "America/New_York"),
        ("eastern standard time", "America/New_York"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Pacific Standard Time", "America/Los_Angeles"),
        ("India Standard Time", "Asia/Calcutta"),
        ("UTC-11", "Etc/GMT+11"),
    ],
)
def test_iana_and_windows_names_are_known(written: str, means: str) -> None:
    assert iana_name(written) == means


@pytest.mark.parametrize(
    ("written", "nearest"),
    [
        ("Europe/Berlyn", "Europe/Berlin"),
        ("Eastern Standart Time", "Eastern Standard Time"),
        ("../../etc/passwd", ""),
        ("", ""),
        ("🕰", ""),
    ],
)
def test_of_an_unknown_one_the_nearest_is_told(written: str, nearest: str) -> None:
    with pytest.raises(UnknownZoneError) as unknown:
        iana_name(written)
    assert unknown.value.nearest == nearest
