"""`upgrade`: references of pipelines written anew in their files, and the plan that follows from it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.cli.contract import plan_json
from reconciler.cli.output import Format, harmless, print_data, say
from reconciler.cli.outside_data import make_remote_data
from reconciler.cli.pinned_images import pinned_images
from reconciler.cli.pins import pinned_tree, require_known
from reconciler.cli.plan_text import show_plan
from reconciler.cli.show_problems import show_problems
from reconciler.cli.work_tree import LoadedTree, loaded_tree, plan_tree, source_of
from reconciler.model.configuration import Configuration
from reconciler.model.errors import SourceError, UsageError
from reconciler.model.plan import Plan
from reconciler.model.upgrades import UpgradePolicy
from reconciler.planning.outdated import Pinned
from reconciler.planning.versions import version_after_edit
from reconciler.registry.upgrading import Edit, Upgrade, upgrade_of
from reconciler.source.file_edits import replace_contents
from reconciler.state.actual import ActualReader
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

DONE, REFUSED = 0, 1


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be upgraded.

    Attributes:
        pipelines: by name; none with `is_all`.
        is_latest: to the newest version, else within the range.
        only: names of what is referred to; all where empty.
        is_shared: files that other pipelines use too are edited for all of them.
    """

    pipelines: tuple[str, ...]
    is_all: bool = False
    is_latest: bool = False
    only: tuple[str, ...] = ()
    is_shared: bool = False
    is_dry_run: bool = False

    @property
    def policy(self) -> UpgradePolicy:
        return UpgradePolicy.LATEST if self.is_latest else UpgradePolicy.WITHIN_RANGE


def upgrade(
    wish: Wish,
    path: Path,
    folder: StateFolder,
    form: Format,
    data_roots: tuple[str, ...],
    configuration: Configuration,
) -> int:
    """Have pipelines choose higher versions; 1 where the plan of what comes of it has errors.

    Raises:
        UsageError: no pipeline is named, there is no such one, or a file of others would be edited.
        SourceError: a file cannot be read or written.
    """
    if bool(wish.pipelines) is wish.is_all:
        raise UsageError("which pipelines are to be upgraded?", hint="name some, or all of them with `--all`")
    state = State(folder)
    try:
        with pinned_tree(path, state, data_roots) as (tree, pins):
            require_known(wish.pipelines, tree)
            _require_referred(wish.only, pins)
            asked = {pin.pipeline for pin in pins} if wish.is_all else {*wish.pipelines}
            wanted = [pin for pin in pins if pin.pipeline in asked and (not wish.only or pin.name in wish.only)]
            versions = _versions(tree, state)
            made = upgrade_of(
                wanted, wish.policy, tree.desired.settings, lambda file: _content(tree, file), versions.get
            )
            if not wish.is_shared:
                _refuse_shared(made.edits, pins, asked, tree)
            if not wish.is_dry_run:
                replace_contents(tree.worktree.top, made.contents)
        images, remote_data = pinned_images(state, configuration), make_remote_data(state, configuration)
        with loaded_tree(path, state, data_roots, images, remote_data=remote_data, edits=made.contents) as tree:
            plan, _ = plan_tree(tree, state)
            if form is Format.TABLE:
                _show(made, plan, tree, wish.is_dry_run)
            else:
                print_data(_json(made, plan), form)
    finally:
        state.close()
    return REFUSED if made.edits and plan.has_errors else DONE


def _versions(tree: LoadedTree, state: State) -> dict[str, str | None]:
    """The versions that manifests need once they are edited, by file."""
    actual = ActualReader(state).read(source_of(state, tree.worktree.top), ())
    return {
        file: version_after_edit(manifest, tree.desired, actual) for file, manifest in tree.desired.manifests.items()
    }


def _content(tree: LoadedTree, file: str) -> bytes:
    """A file as it lies there, which may have other line ends than in Git."""
    try:
        return (tree.worktree.top / file).read_bytes()
    except OSError as error:
        hint = "is it checked out?"
        raise SourceError(f"the file cannot be read: {error.strerror}", place=file, hint=hint) from error


def _require_referred(only: Collection[str], pins: Iterable[Pinned]) -> None:
    known = sorted({pin.name for pin in pins})
    for name in only:
        if name not in known:
            hint = f"they refer to: {', '.join(known) or 'none'}"
            raise UsageError(f"no pipeline refers to a version of `{name}`", hint=hint)


def _refuse_shared(edits: Iterable[Edit], pins: Iterable[Pinned], asked: Collection[str], tree: LoadedTree) -> None:
    """Refuse to edit a file that is not a pipeline's own where a pipeline uses it that was not asked for.

    Raises:
        UsageError: with the names of those others.
    """
    own = {pipeline.file for pipeline in tree.desired.pipelines if pipeline.name in asked}
    users: dict[str, set[str]] = {}
    for pin in pins:
        users.setdefault(pin.file, set()).add(pin.pipeline)
    for edit in edits:
        others = sorted(users[edit.file].difference(asked)) if edit.file not in own else []
        if others:
            named = ", ".join(f"`{name}`" for name in others)
            message = f"`{edit.before}` stands in a file that {named} {'uses' if len(others) == 1 else 'use'} too"
            hint = "edit it for all of them with `--shared`, name them too, or choose others with `--only NAME`"
            raise UsageError(f"{message}; nothing was changed", place=f"{edit.file}:{edit.line}", hint=hint)


def _show(made: Upgrade, plan: Plan, tree: LoadedTree, is_dry_run: bool) -> None:
    for edit in made.edits:
        say(harmless(str(edit)))
    for left in made.left:
        say(harmless(str(left)))
    if not made.edits:
        say("nothing to upgrade")
        return
    if is_dry_run:
        say("nothing was written; with these edits:")
    show_problems(plan.problems, tree.content)
    show_plan(plan)


def _json(made: Upgrade, plan: Plan) -> dict[str, Any]:
    return {
        "edits": [
            {
                "file": edit.file,
                "line": edit.line,
                "kind": edit.kind,
                "name": edit.name,
                "from": edit.before,
                "to": edit.after,
                "pipelines": list(edit.pipelines),
            }
            for edit in made.edits
        ],
        "left": [
            {"file": left.file, "line": left.line, "reference": left.reference, "why": left.why} for left in made.left
        ],
        "plan": plan_json(plan),
    }
