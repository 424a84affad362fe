"""What the reader refuses, with the place and the way to mend it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from reconciler.manifests.yaml_reader import MAXIMUM_BYTES, MAXIMUM_PROBLEMS, read
from reconciler.model.problems import Code, Problem


def problem_in(content: str | bytes) -> Problem:
    (problem,) = read(content.encode() if isinstance(content, str) else content, "a.yaml").problems
    assert problem.file == "a.yaml"
    assert problem.is_error
    return problem


@pytest.mark.parametrize(
    ("text", "line", "column", "hint"),
    [
        ("a:\n\tb: 1\n", 2, 1, "indent with blanks, not tabs"),
        ("a:\n  b: 1\n\tc: 2\n", 3, 1, "indent with blanks, not tabs"),
        ("a: @b\n", 1, 4, "a value that starts with this character needs quotes"),
        ("a: b: c\n", 1, 5, "a value that holds `: ` needs quotes, or the line above is not closed"),
        ("a: 1\nb\nc: 2\n", 3, 1, "a key must be followed by `: `"),
        ("a: [1, 2\nb: 3\n", 2, 2, "check the indentation and the brackets of this line and the one above"),
        ("a:\n  b: 1\n c: 2\n", 3, 2, "check the indentation and the brackets of this line and the one above"),
        ("a: *b\n", 1, 4, "an alias `*name` needs its anchor `&name` further up"),
        ('a: "\\q"\n', 1, 5, "double the backslash, or use single quotes"),
        ("a: 1\nbcd", 2, 4, "a key must be followed by `: `"),
        ("a: 'open\n", 2, 1, "check the quotes and the indentation of this line"),
    ],
)
def test_a_slip_is_named_with_its_place_and_how_to_mend_it(text: str, line: int, column: int, hint: str) -> None:
    problem = problem_in(text)
    assert problem.code is Code.SYNTAX
    assert (problem.line, problem.column) == (line, column)
    assert problem.hint == hint


@pytest.mark.parametrize(
    ("content", "line", "column"),
    [
        ("name: café\n".encode("latin-1"), 1, 10),
        ("é: ü\nname: ".encode() + b"\xff\n", 2, 7),
        (b"a: \xed\xa0\x80\n", 1, 4),
    ],
)
def test_a_file_that_is_not_utf_8_is_refused_where_it_goes_wrong(content: bytes, line: int, column: int) -> None:
    problem = problem_in(content)
    assert problem.message.startswith("the file is not UTF-8")
    assert problem.hint == "save it as UTF-8"
    assert (problem.line, problem.column) == (line, column)


@pytest.mark.parametrize("character", [b"\x00", b"\x07", b"\x1b"])
def test_control_characters_are_refused(character: bytes) -> None:
    problem = problem_in(b"a: 1\nb: x" + character + b"\n")
    assert (problem.line, problem.column) == (2, 5)
    assert problem.hint == "remove the character"


def test_a_key_that_stands_twice_is_told_at_the_second_one() -> None:
    problem = problem_in("jobs:\n  a: 1\n  b: 2\n  a: 3\n")
    assert problem.code is Code.DUPLICATE_KEY
    assert (problem.line, problem.column) == (4, 3)
    assert "'a'" in problem.message


def test_a_number_and_the_same_text_are_one_key() -> None:
    assert problem_in("1: a\n'1': b\n").code is Code.DUPLICATE_KEY


def test_all_duplicate_keys_of_a_file_are_told_at_once() -> None:
    problems = read(b"a: 1\na: 2\nb: {c: 1, c: 2}\n", "a.yaml").problems
    assert [(problem.line, problem.column) for problem in problems] == [(2, 1), (3, 11)]


def test_a_crowd_of_duplicate_keys_is_told_in_part() -> None:
    assert len(read(b"a: 1\n" * 10_000, "a.yaml").problems) == MAXIMUM_PROBLEMS


@pytest.mark.parametrize("key", ["[a, b]", "{a: b}", "? - a\n"])
def test_a_key_that_is_no_text_is_refused(key: str) -> None:
    problem = problem_in(f"first: 1\n{key}: 1\n" if not key.startswith("?") else f"first: 1\n{key}")
    assert problem.message == "a key must be text"
    assert problem.line == 2


@pytest.mark.parametrize("merged", ["3", "text", "[{a: 1}, 3]", "[[]]"])
def test_only_a_mapping_can_be_merged(merged: str) -> None:
    problem = problem_in(f"a: 1\nb:\n  <<: {merged}\n")
    assert problem.message == "only a mapping can be merged with `<<`"
    assert (problem.line, problem.column) == (3, 7)


def lists_of_lists(levels: int) -> str:
    return "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, levels)
    )


@pytest.mark.parametrize(
    "bomb",
    [
        lists_of_lists(9),
        "a: &a {x: 1}\n" + "b: [" + "*a, " * 150_000 + "]\n",
        f"a: &a {'x' * 1_000_000}\nb: [{'*a, ' * 1000}]\n",
        f"a: &a {{? {'x' * 900_000}}}\nb: [{'*a, ' * 1000}]\n",
        "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 30)),
        "[" + "a," * 2_400_000 + "]",
        "---\n" * 1_200_000,
    ],
    ids=["lists", "mappings", "text", "keys", "merges", "values", "documents"],
)
def test_a_small_file_that_unfolds_to_much_is_refused(bomb: str) -> None:
    problem = problem_in(bomb)
    assert problem.message == "the document unfolds to too many values"
    assert problem.hint == "use fewer aliases, or split the file"


@pytest.mark.parametrize("text", ["a: &a [*a]\n", "&a {b: *a}\n", "&a {<<: *a}\n", "a: &a [*a, *a, *a]\n"])
def test_an_anchor_that_holds_itself_is_refused(text: str) -> None:
    assert problem_in(text).message == "the document is nested more than 100 levels deep"


@pytest.mark.parametrize(
    "text",
    [
        "[" * 101 + "]" * 101,
        "[" * 5000 + "]" * 5000,
        "{a: " * 5000,
        "- " * 5000,
        "? " * 5000,
        "".join(" " * level + "a:\n" for level in range(500)),
        "".join("  " * level + "a:\n" + "  " * level + "- b:\n" for level in range(500)),
        ("[" * 5000).encode("utf-16").decode("latin-1"),
    ],
    ids=["just too deep", "lists", "mappings", "dashes", "keys", "indented", "mixed", "utf-16"],
)
def test_deep_nesting_is_refused_where_it_gets_too_deep(text: str) -> None:
    problem = problem_in(text.encode("latin-1"))
    assert problem.message == "the document is nested more than 100 levels deep"
    assert (problem.line, problem.column) != (1, 1)


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "a: [", '"x": {'])
def test_nesting_that_would_overflow_the_stack_of_a_thread_does_not_end_the_process(opening: str) -> None:
    program = (
        "import sys, threading\n"
        "from reconciler.manifests.places import Places\n"
        "from reconciler.manifests.yaml_reader import read\n"
        "content = sys.argv[1].encode() * 900_000\n"
        "content = content[: 4_900_000]\n"
        "threading.stack_size(512 * 1024)\n"
        "def run():\n"
        "    print(len(read(content, 'a.yaml').problems), Places(content).of(('a', 'b')))\n"
        "thread = threading.Thread(target=run)\n"
        "thread.start()\n"
        "thread.join()\n"
    )
    done = subprocess.run([sys.executable, "-c", program, opening], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 (1, 1)\n", "")


def test_a_file_of_many_megabytes_is_no_manifest() -> None:
    problem = problem_in(b"a: b\n" * (MAXIMUM_BYTES // 5 + 1))
    assert problem.message == "the file has 5,000,005 bytes, more than 5,000,000"
    assert problem.hint == "manifests are small; is this data?"
