"""Which manifests a change adds, changes and removes."""

from __future__ import annotations

from reconciler.planning.manifest_changes import Change, ManifestChange, manifest_changes
from tests.manifests.documents import component, environment

from .history import Files, History

_SPLIT = component(name="split", version="1.0.0", code="src", command="python run.py")
_BASE: Files = {
    "split/component.yaml": _SPLIT,
    "split/src/run.py": "1",
    "tools.yaml": environment(name="tools", version="1.0.0"),
}


def _changes(head: Files) -> list[ManifestChange]:
    history = History()
    base = history.revision(_BASE)
    return list(manifest_changes(base, history.revision(head)))


def _told(head: Files) -> list[tuple[Change, str, str | None, str | None]]:
    return [(each.change, each.name, each.old, each.new) for each in _changes(head)]


def test_what_came_changed_and_went_is_told() -> None:
    head = {**_BASE, "tools.yaml": environment(name="others", version="2.0.0")}
    assert _told(head) == [(Change.ADDED, "others", None, "2.0.0"), (Change.REMOVED, "tools", "1.0.0", None)]
    louder = {**_BASE, "split/component.yaml": component(name="split", version="1.0.1", code="src", command="true")}
    assert _told(louder) == [(Change.CHANGED, "split", "1.0.0", "1.0.1")]


def test_what_a_manifest_names_is_a_part_of_it() -> None:
    (change,) = _changes({**_BASE, "split/src/run.py": "2"})
    assert (change.name, change.is_content_alone) == ("split", True)


def test_other_files_and_moved_ones_change_nothing() -> None:
    moved = {"moved/tools.yaml": _BASE["tools.yaml"], **{path: _BASE[path] for path in _BASE if path != "tools.yaml"}}
    assert _changes({**moved, "README.md": "hello"}) == []
