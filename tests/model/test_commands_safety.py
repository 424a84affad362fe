"""No value can inject: whatever it holds and wherever it stands, a shell never runs it."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.model.commands import render

from .shells import SHELLS, files_made, printed

# What an argument of a program can hold at all.
VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")) | st.text(
    "'\"\\`$(){}#;&|<>!*?~ \n\tab"
)
QUICK = settings(max_examples=100, deadline=None)

PLACES = [
    "${{inputs.x}}",
    "'${{inputs.x}}'",
    '"${{inputs.x}}"',
    "''${{inputs.x}}\"\"",
    "$[[${{inputs.x}}]]",
    '"$(printf %s "${{inputs.x}}"; echo .)"',
    "\"`printf %s '${{inputs.x}}'; echo .`\"",
]
PIECES = st.sampled_from(
    ["'", '"', "\\", "$", "`", "$(", ")", "$((", "))", "${HOME:-", "}", "#", " # ", "\n", " ", "it's ", "echo ", "; :",
     "<<EOF\n", "<<'EOF'\n", "<<-EOF\n", "\nEOF\n", "a", "=", "$[[", "]]", "(", "case x in x)", ";; esac"]
)  # fmt: skip
EXPRESSIONS = st.sampled_from(["${{inputs.x}}", "${{inputs.y}}", "${{outputs.z}}"])
MAKE = "echo > made"
HOSTILE = [
    f"x$({MAKE})", f"x`{MAKE}`", f"x; {MAKE} #", f"x\n{MAKE}\n", f"x'; {MAKE}; '", f'x"; {MAKE}; "', f"x | {MAKE}",
    f"x && {MAKE} &", f"x}}; {MAKE}; {{", f"x) ; {MAKE}; (", f"x\\'; {MAKE} #", f"EOF\n{MAKE}\n", f"($({MAKE}))",
    f"(`{MAKE}`)", f"' $({MAKE}) '", f"\" $({MAKE}) \"", f"\\\n$({MAKE})", f"${{x:-$({MAKE})}}", f"\\`{MAKE}\\`",
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@QUICK
@given(value=VALUES)
@example(value="$(id)")
@example(value="'")
@example(value="-n")
@example(value="a\n\n")
def test_a_program_gets_exactly_the_value(place: str, value: str) -> None:
    ending = ".\n"[: 1 if "echo" in place else 0]
    assert printed(f"printf '%s' {place}", {"x": value}) == value + ending


@pytest.mark.parametrize("shell", SHELLS)
@settings(max_examples=500, deadline=None)
@given(
    st.lists(PIECES | EXPRESSIONS, min_size=1, max_size=10),
    EXPRESSIONS,
    st.sampled_from(HOSTILE),
    st.sampled_from(HOSTILE),
)
@example(["# don't\n", "echo "], "${{inputs.x}}", HOSTILE[0], HOSTILE[0])
@example(["echo a # it's "], "${{inputs.x}}", HOSTILE[3], HOSTILE[3])
@example(['"$(basename "'], "${{inputs.x}}", HOSTILE[0], HOSTILE[0])
@example(["<<EOF\n"], "${{inputs.x}}", HOSTILE[0], HOSTILE[0])
@example(["<<'EOF'\n"], "${{inputs.x}}", HOSTILE[11], HOSTILE[11])
@example(["`", "<<'EOF'\n", "`"], "${{inputs.x}}", HOSTILE[0], HOSTILE[0])
@example(['"', "\\"], "${{inputs.x}}", HOSTILE[0], HOSTILE[0])
@example(['"', "$"], "${{inputs.x}}", HOSTILE[12], HOSTILE[12])
@example(["$", "'"], "${{inputs.x}}", HOSTILE[10], HOSTILE[10])
def test_no_value_is_run_however_the_command_around_it_is_written(
    shell: str, pieces: list[str], last: str, one: str, other: str
) -> None:
    command = f"echo {''.join(pieces)}{last}"
    try:
        rendered = render(command, {"x": one, "y": other}, {"z": one})
    except ValueError:
        return  # refused: it cannot stand there
    assert files_made(shell, rendered) == [], rendered


@pytest.mark.parametrize("shell", SHELLS)
def test_the_test_above_can_see_a_file_that_is_made(shell: str) -> None:
    assert files_made(shell, f"echo $({MAKE})") == ["made"]
