"""Tables fit the terminal: sentences are broken first, names and moments last."""

from __future__ import annotations

from rich.console import Console

from reconciler.cli.column_widths import fitted_widths
from reconciler.cli.output import rich_table

NAMES = ("RUN", "lending_club-1", "fast-1")
MOMENTS = ("STARTED", "2026-11-29 23:57:26", "2026-11-29 23:57:25")
SENTENCES = ("WHY", "component split 1.2.0 to 1.3.0, src/run.py changed", "never ran")


def test_a_table_that_fits_is_as_wide_as_its_cells() -> None:
    assert fitted_widths([NAMES, MOMENTS, SENTENCES], 120) == [14, 19, 50]


def test_sentences_give_way_first() -> None:
    assert fitted_widths([NAMES, MOMENTS, SENTENCES], 60) == [14, 19, 27]


def test_sentences_are_broken_between_words_and_names_stay_whole() -> None:
    assert fitted_widths([NAMES, MOMENTS, SENTENCES], 48) == [14, 19, 15]


def test_a_column_stays_wide_enough_to_be_read() -> None:
    assert fitted_widths([NAMES, MOMENTS, ("N", "1")], 3) == [3, 3, 1]
    assert fitted_widths([NAMES, NAMES, MOMENTS], 12) == [6, 6, 6]


def test_revisions_are_left_out_where_names_would_have_to_be_broken() -> None:
    headers, row = ("NAME", "REVISION", "SOURCE"), ("lending_club_train_tensorflow", "main@sha1:0b4321a989", "loans")
    for width, shown in ((59, list(headers)), (58, ["NAME", "SOURCE"])):
        assert [column.header for column in rich_table(headers, [row], width).columns] == shown


def test_commits_are_short_on_a_terminal_and_lines_keep_to_its_width() -> None:
    commit = "0b4321a989046f4e30ea4e915529dd67560a2c4a"
    console = Console(width=60)
    with console.capture() as captured:
        console.print(rich_table(("NAME", "MESSAGE"), [("loans", f"applied main@sha1:{commit}"), ("a", "b " * 50)], 60))
    lines = captured.get().splitlines()
    assert lines[1].rstrip() == "loans  applied main@sha1:0b4321a989"
    assert max(map(len, lines)) <= 60
