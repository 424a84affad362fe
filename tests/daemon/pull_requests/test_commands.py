"""What comments ask for, and what merely looks like it."""

from __future__ import annotations

import pytest

from reconciler.daemon.pull_requests.commands import Command, Verb, commands_in
from reconciler.forges.base import Comment
from reconciler.forges.bodies import marked

NOW = 1_000_000.0


def asked(body: str, heard: int = 0, created: float = NOW - 60) -> list[Command]:
    return commands_in([Comment(7, body, "ada", created)], heard, NOW)


def test_a_line_of_its_own_asks() -> None:
    assert asked("/reconciler run") == [Command(Verb.RUN, "ada")]
    assert asked("Fine.\r\n\r\n/reconciler cancel  \r\n") == [Command(Verb.CANCEL, "ada")]
    assert asked("/reconciler run 1a2b3c4d") == [Command(Verb.RUN, "ada", "1a2b3c4d")]


@pytest.mark.parametrize(
    "body",
    [
        "please /reconciler run",
        "> /reconciler run",
        "    /reconciler run",
        "`/reconciler run`",
        "/reconciler running",
        "/reconciler run everything",
        "/reconciler run 1a2b",
        "/reconcilerrun",
        "/Reconciler Run",
        "```\n/reconciler run\n```",
        "~~~~ text\n~~~\n/reconciler run\n~~~~",
    ],
)
def test_what_is_quoted_or_says_more_does_not(body: str) -> None:
    assert asked(body) == []


def test_behind_a_block_of_code_it_does_again() -> None:
    assert asked("```\ncode\n```\n/reconciler run") == [Command(Verb.RUN, "ada")]


@pytest.mark.parametrize("line", [marked("plan"), f"[//]: # ({marked('plan')[5:-4]})"])
def test_what_we_write_ourselves_asks_for_nothing(line: str) -> None:
    assert asked(f"{line}\n\n/reconciler run") == []


def test_what_was_heard_or_is_a_day_old_asks_for_nothing() -> None:
    assert asked("/reconciler run", heard=7) == []
    assert asked("/reconciler run", created=NOW - 90_000) == []


def test_commands_come_in_the_order_in_which_they_were_written() -> None:
    comments = [Comment(9, "/reconciler cancel", "bob", NOW), Comment(8, "/reconciler run", "ada", NOW)]
    assert commands_in(comments, 0, NOW) == [Command(Verb.RUN, "ada"), Command(Verb.CANCEL, "bob")]


def test_one_whose_author_is_gone_asks_for_nothing() -> None:
    assert commands_in([Comment(7, "/reconciler run", "", NOW)], 0, NOW) == []
