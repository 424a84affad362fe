"""Commands: what they name, what is left out of them, and where values stand in them."""

from __future__ import annotations

import pytest

from reconciler.model.commands import (
    expressions_in,
    literal_text,
    named,
    optional_inputs_in,
    render,
    unknown_expressions_in,
)
from reconciler.model.manifests import Scalar

from .shells import printed

VALUE = "a 'b' \"c\" $HOME `d` \\e"


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("run ${{inputs.data}} ${{ outputs.model }}", [("inputs", "data"), ("outputs", "model")]),
        ("run ${{search_space.depth}}", [("search_space", "depth")]),
        ("run ${{inputs.data.path}}", [("inputs", "data")]),
        ("run ${{inputs.a-b_c.d}}", [("inputs", "a-b_c.d")]),
        ("run $[[--seed ${{inputs.seed}}]]", [("inputs", "seed")]),
        ("run ${inputs.data} $inputs {{inputs.data}}", []),
    ],
)
def test_a_command_names_inputs_outputs_and_dimensions_of_a_search_space(
    command: str, named: list[tuple[str, str]]
) -> None:
    assert list(expressions_in(command)) == named


@pytest.mark.parametrize(
    "unknown", ["${{parent.inputs.x}}", "${{inputs}}", "${{ default_datastore }}", "${{inputs.a b}}", "${{}}"]
)
def test_an_expression_that_no_rule_fills_in_is_told_as_written(unknown: str) -> None:
    assert list(unknown_expressions_in(f"run ${{{{inputs.x}}}} {unknown} ${{{{outputs.y}}}}")) == [unknown]


def test_an_input_is_optional_when_it_stands_in_optional_parts_only() -> None:
    command = "run ${{inputs.a}} $[[--a ${{inputs.a}}]] $[[--b ${{inputs.b}} --c ${{inputs.c}}]]"
    assert optional_inputs_in(command) == {"b", "c"}


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("run --data ${{inputs.data}} --to ${{outputs.model}}", "run --data /in/data --to /out/model"),
        ("run '${{inputs.data}}' \"${{outputs.model}}\"", "run '/in/data' \"/out/model\""),
        ("run ${{inputs.data.path}}/a.csv", "run /in/data/a.csv"),
        ("run --rate=${{inputs.rate}}", "run --rate=1e-05"),
        ("cat <<'EOF'\nx = '${{inputs.data}}'\nEOF", "cat <<'EOF'\nx = '/in/data'\nEOF"),
    ],
)
def test_plain_words_stand_in_a_command_as_they_are(command: str, shown: str) -> None:
    assert render(command, {"data": "/in/data", "rate": 1e-05}, {"model": "/out/model"}) == shown


def test_other_values_are_assigned_to_variables_once_and_expanded_where_they_stand() -> None:
    rendered = render("run ${{inputs.a}} '${{inputs.b}}' \"${{inputs.a}}\"", {"a": "x y", "b": ""}, {})
    assert rendered == (
        "reconciler_1='x y'; reconciler_2=''; run \"${reconciler_1}\" ''\"${reconciler_2}\"'' \"${reconciler_1}\""
    )


@pytest.mark.parametrize(
    ("value", "text"), [(True, "True"), (False, "False"), (3, "3"), (0.1, "0.1"), (1e-05, "1e-05"), ("", "")]
)
def test_a_literal_is_written_as_azure_writes_it(value: Scalar, text: str) -> None:
    assert literal_text(value) == text
    assert printed('printf %s "${{inputs.x}}"', {"x": value}) == text


def test_an_optional_part_is_left_out_when_one_of_its_inputs_has_no_value() -> None:
    command = "echo start $[[--a ${{inputs.a}}]] $[[--b ${{inputs.b}} ${{inputs.a}}]] end"
    assert printed(command, {"a": "1"}) == "start --a 1 end\n"
    assert printed(command, {"a": "1", "b": "2"}) == "start --a 1 --b 2 1 end\n"
    assert printed(command, {}) == "start end\n"


def test_an_optional_part_may_span_lines() -> None:
    assert printed("echo $[[--a \\\n  ${{inputs.a}}\n]]", {"a": "1"}) == "--a 1\n"


def test_a_value_that_is_missing_elsewhere_is_an_error() -> None:
    with pytest.raises(KeyError):
        render("echo ${{inputs.a}}", {}, {"a": "an output is no input"})


@pytest.mark.parametrize("value", ["${{inputs.secret}}", "$[[x]]", "$[[${{inputs.none}}]]", "${reconciler_1}"])
def test_a_value_is_not_itself_a_template(value: str) -> None:
    assert printed("printf %s ${{inputs.x}}", {"x": value, "secret": "told"}) == value


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("printf %s ${{inputs.x}}", VALUE),
        ("printf %s '${{inputs.x}}'", VALUE),
        ('printf %s "${{inputs.x}}"', VALUE),
        ("printf %s --x=${{inputs.x}}/y", f"--x={VALUE}/y"),
        ("printf %s 'it'\\''s '${{inputs.x}}", f"it's {VALUE}"),
        ('printf %s "\\"${{inputs.x}}\\""', f'"{VALUE}"'),
        ("# don't mind\nprintf %s ${{inputs.x}}", VALUE),
        ("printf %s a#'${{inputs.x}}' # \"quoted\" ${{inputs.x}}", f"a#{VALUE}"),
        ('printf %s "$(printf %s "${{inputs.x}}")"', VALUE),
        ("printf %s \"$(printf %s '(' ')' '${{inputs.x}}')\"", f"(){VALUE}"),
        ("printf %s \"`printf %s '${{inputs.x}}'`\"", VALUE),
        ("cat <<EOF\nit's ${{inputs.x}}\nEOF\nprintf %s ${{inputs.x}}", f"it's {VALUE}\n{VALUE}"),
        ("cat <<'EOF'\n\"${{inputs.title}}\"\nEOF\nprintf %s '${{inputs.x}}'", f'"My title"\n{VALUE}'),
        ("cat <<-\\END\n\t'${{inputs.title}}'\n\tEND\nprintf %s ${{inputs.x}}", f"'My title'\n{VALUE}"),
        ("cat <<A; cat <<'B'\n${{inputs.x}}\nA\n${{inputs.title}}\nB\n", f"{VALUE}\nMy title\n"),
        ("printf %s $((1 << 2)) '${{inputs.x}}'", f"4{VALUE}"),
        ("printf %s $(((1 << 2) + ${{inputs.n}})) '${{inputs.x}}'", f"9{VALUE}"),
        ("printf %s ${HOME##*} '${{inputs.x}}'", VALUE),
    ],
)
def test_a_value_arrives_as_it_is_wherever_it_stands(command: str, expected: str) -> None:
    assert printed(command, {"x": VALUE, "n": 5, "title": "My title"}) == expected


@pytest.mark.parametrize("value", ["EOF", "a\nb", "it's", "$HOME"])
def test_a_value_that_a_quoted_here_document_cannot_hold_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="pass it as an argument instead"):
        render("cat <<'EOF'\n${{inputs.x}}\nEOF", {"x": value}, {})


def test_assignments_stand_on_the_first_line_so_that_a_shell_counts_lines_as_the_author_does() -> None:
    rendered = render("first\necho ${{inputs.x}}", {"x": "a b"}, {})
    assert rendered.splitlines() == ["reconciler_1='a b'; first", 'echo "${reconciler_1}"']


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("echo ${{name}}", "echo train"),
        ("echo '${{ name }}' \"${{name}}\"", "echo 'train' \"train\""),
        ("echo ${{inputs.name}}", "echo ${{inputs.name}}"),
    ],
)
def test_a_command_may_name_its_step(command: str, expected: str) -> None:
    assert named(command, "train") == expected
    assert list(unknown_expressions_in(command)) == []


def test_the_name_of_a_step_is_a_plain_word_wherever_it_stands() -> None:
    assert named("echo ${{name}}", "outer.a b'$(x)") == "echo outer.a_b___x_"
