"""Windows of the configuration: every field, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.configuration.read import read_configuration
from reconciler.model.errors import UsageError
from reconciler.model.schedules import Cron, Trigger
from reconciler.model.windows import Window

WHOLE = """\
windows:
- deny: 0 9 * * 1-5
  duration: 8h
  time_zone: europe/berlin
  sources: ["team-*"]
  pipelines: ["lending*", credit]
- {allow: "0 22 * * *", duration: 90m}
"""


def read(tmp_path: Path, text: str) -> tuple[Window, ...]:
    file = tmp_path / "config.yaml"
    file.write_text(text, encoding="utf-8")
    return read_configuration(file, {}).windows


def test_every_field_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, WHOLE) == (
        Window(True, Trigger(Cron("0 9 * * 1-5"), "Europe/Berlin"), 28_800.0, ("team-*",), ("lending*", "credit")),
        Window(False, Trigger(Cron("0 22 * * *")), 5400.0),
    )


def test_without_any_there_are_none(tmp_path: Path) -> None:
    assert read(tmp_path, "windows: []\n") == ()
    assert read(tmp_path, "docker: {}\n") == ()


@pytest.mark.parametrize(
    ("window", "place", "message", "hint"),
    [
        ("{duration: 8h}", "2:3", "a window either denies or allows", "deny"),
        ('{deny: "0 9 * * *", allow: "0 9 * * *", duration: 8h}', "2:3", "a window either denies or allows", "deny"),
        ('{deny: "0 25 * * *", duration: 8h}', "2:4", "`25` is not understood as the hour", "0 to 23"),
        ('{deny: "0 9 * *", duration: 8h}', "2:4", "has 4 fields, not five", "minute, hour"),
        ('{deny: "0 9 * * *", duration: 0h}', "2:23", "the window is over when it opens", "8h"),
        ('{deny: "0 9 * * *", duration: long}', "2:23", "long", "10m"),
        ('{deny: "0 9 * * *"}', "2:3", "duration", ""),
        ('{deny: "0 9 * * *", duration: 8h, time_zone: Berlin}', "2:37", "there is no time zone `Berlin`", ""),
        ('{deny: "0 9 * * *", duration: 8h, pipeline: [a]}', "2:37", "pipeline", "pipelines"),
    ],
)
def test_what_is_no_window_is_refused_with_its_place(
    tmp_path: Path, window: str, place: str, message: str, hint: str
) -> None:
    with pytest.raises(UsageError) as refused:
        read(tmp_path, f"windows:\n- {window}\n")
    assert message in refused.value.message
    assert hint in str(refused.value.hint)
    assert str(refused.value.place).endswith(f"config.yaml:{place}")
