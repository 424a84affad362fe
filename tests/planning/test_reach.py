"""What a change can reach: reading that alone comes to the same as reading everything."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping

import pytest
from hypothesis import event, given, settings

from reconciler.manifests.loader import Loader
from reconciler.manifests.names import default_name
from reconciler.manifests.settings import SETTINGS_FILE, settings_of
from reconciler.model.desired import Desired
from reconciler.model.problems import Problem
from reconciler.model.steps import Graph
from reconciler.planning.graph import GraphBuilder
from reconciler.planning.reach import Reach, Texts

from .edits import HISTORIES, TAGS, Choice, files_of, revisions_of
from .history import Files, History, as_text

Histories = tuple[Choice, list[Choice]]


class _Narrow(History):
    def __init__(self, only: Collection[str] | None) -> None:
        super().__init__()
        self._loader = Loader(only=only)


def _reach(base: Files, head: Files) -> Reach | None:
    before, now = ({path: as_text(content).encode() for path, content in files.items()} for files in (base, head))
    changed = {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}
    if SETTINGS_FILE in changed:
        return None
    texts = {
        path: before.get(path, b"") + b"\n" + now.get(path, b"")
        for path in {**before, **now}
        if path.endswith((".yaml", ".yml"))
    }
    said = settings_of(now.get(SETTINGS_FILE, b""))[0]
    mapped = {ours for _, ours in said.environments}
    return Texts(texts, {path: default_name(path) for path in texts}).reach(changed, mapped, bool(said.datastores))


def _head(base: Files, head: Files, only: Collection[str] | None) -> tuple[Desired, dict[str, Graph], list[Problem]]:
    history, builder = _Narrow(only), GraphBuilder()
    builder.build(history.revision(base))
    desired = history.revision(head)
    graphs, problems = builder.build(desired)
    return desired, {graph.file: graph for graph in graphs}, [*desired.problems, *problems]


def _closures(files: Files) -> Mapping[str, str]:
    graphs, _ = GraphBuilder().build(History().revision(files))
    return {graph.file: graph.closure for graph in graphs}


def _agrees(base: Files, head: Files, reach: Reach) -> None:
    everything, all_graphs, all_problems = _head(base, head, None)
    narrow, graphs, problems = _head(base, head, reach.needed)
    assert reach.touched <= reach.needed
    for file, manifest in narrow.manifests.items():
        assert everything.manifests[file] == manifest
    before = _closures(base)
    touched = {file for file, graph in all_graphs.items() if graph.closure != before.get(file)}
    assert touched <= graphs.keys()
    for file in reach.touched & all_graphs.keys():
        assert graphs[file] == all_graphs[file]
    assert _said(problems, reach.touched) == _said(all_problems, reach.touched)


def _said(problems: Collection[Problem], files: Collection[str]) -> set[tuple[str, str, str]]:
    """Without the hints, which propose names that may not have been read."""
    return {(each.file, each.code, each.message) for each in problems if each.file in files}


@settings(max_examples=60, deadline=None)
@given(HISTORIES)
def test_it_holds_for_any_edit(history: Histories) -> None:
    revisions = [
        files_of({path: number for path, number in choice.items() if path not in TAGS})
        for choice in revisions_of(history)
    ]
    for base, head in itertools.pairwise(revisions):
        reach = _reach(base, head)
        event("everything" if reach is None else f"{len(reach.needed)} of {len({**base, **head})}")
        if reach is not None:
            _agrees(base, head, reach)


_ENVIRONMENT = "name: {0}\nimage: python\n"
_COMPONENT = "name: {0}\ntype: command\ncommand: python run.py\ncode: {1}\nenvironment: azureml:{2}@latest\n"
_PIPELINE = "type: pipeline\nname: {0}\njobs:\n  a: {{component: {1}}}\n"
_TWO_WORLDS: dict[str, str] = {
    "one/component.yaml": _COMPONENT.format("one", "src", "alpha"),
    "one/src/run.py": "1",
    "two/component.yaml": _COMPONENT.format("two", "./src/", "beta"),
    "two/src/run.py": "2",
    "alpha.yaml": _ENVIRONMENT.format("alpha"),
    "beta.yaml": _ENVIRONMENT.format("beta"),
    "first.yaml": _PIPELINE.format("first", "azureml:one@latest"),
    "second.yaml": _PIPELINE.format("second", "./two/component.yaml"),
}


@pytest.mark.parametrize(
    ("path", "text", "touched"),
    [
        ("one/src/run.py", "3", {"one/component.yaml", "first.yaml"}),
        ("two/src/run.py", "3", {"two/component.yaml", "second.yaml"}),
        (
            "beta.yaml",
            f"{_ENVIRONMENT.format('beta')}version: 2.0.0\n",
            {"beta.yaml", "two/component.yaml", "second.yaml"},
        ),
        ("notes.txt", "3", set()),
        ("other.yaml", "some: thing\n", {"other.yaml"}),
        (
            "clash.yaml",
            _COMPONENT.format("one", "two/src", "alpha"),
            {"clash.yaml", "one/component.yaml", "first.yaml"},
        ),
    ],
)
def test_what_stands_apart_is_not_touched(path: str, text: str, touched: set[str]) -> None:
    head = {**_TWO_WORLDS, path: text}
    reach = _reach(_TWO_WORLDS, head)
    assert reach is not None
    assert reach.touched == touched
    _agrees(_TWO_WORLDS, head, reach)


@pytest.mark.parametrize("written", [".", "./", "..", "./one/..", "../here/src", "my code", "sub\\dir"])
def test_folders_are_found_however_they_are_written(written: str) -> None:
    files = {**_TWO_WORLDS, "here/c.yaml": _COMPONENT.format("c", f"'{written}'", "alpha")}
    inside = {".": "here/x", "./": "here/x", "..": "x", "./one/..": "here/x", "../here/src": "here/src/x"}
    changed = inside.get(written, f"here/{written.replace(chr(92), '/')}/x")
    reach = _reach(files, {**files, changed: "new"})
    assert reach is not None
    assert "here/c.yaml" in reach.touched


def test_what_is_named_by_another_name_may_be_anything() -> None:
    files = {**_TWO_WORLDS, SETTINGS_FILE: "environments: {'AzureML-*': alpha}\n"}
    assert _reach(files, {**files, "alpha.yaml": _ENVIRONMENT.format("alpha") + "version: 2.0.0\n"}) is None
    reach = _reach(files, {**files, "beta.yaml": _ENVIRONMENT.format("beta") + "version: 2.0.0\n"})
    assert reach is not None
    assert "alpha.yaml" in reach.needed


def test_a_change_of_very_much_is_not_worth_telling() -> None:
    many = {f"c{number}.yaml": _COMPONENT.format(f"c{number}", "one/src", "alpha") for number in range(300)}
    assert _reach({**_TWO_WORLDS}, {**_TWO_WORLDS, **many}) is None
