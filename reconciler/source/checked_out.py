"""The submodules of a work tree that are checked out, as they stand."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.model.errors import SourceError
from reconciler.model.snapshot import EntryKind
from reconciler.source.plumbing import Git
from reconciler.source.submodules import graft
from reconciler.source.tree import list_tree

_DEPTH: Final = 4


@dataclass(frozen=True, slots=True)
class Grafted:
    """A tree with the submodules that are checked out in their places.

    Attributes:
        stores: where their objects lie, besides those of the repository itself.
    """

    tree: str
    stores: tuple[Path, ...] = ()


def with_checked_out(
    git: Git, tree: str, folder: Path, scratch: Path, is_committed: bool, depth: int = _DEPTH
) -> Grafted:
    """A tree of a work tree, with the submodules that are checked out in it; what they hold new lands in `scratch`.

    Args:
        folder: the work tree's top.
        is_committed: take the commit that the tree names of each, whatever its files hold.

    Raises:
        SourceError: git cannot read one of them.
    """
    links = {path: entry.oid for path, entry in list_tree(git, tree).items() if entry.kind is EntryKind.SUBMODULE}
    trees: dict[str, str] = {}
    stores: list[Path] = []
    for path, commit in links.items() if depth else ():
        inner_folder = folder / path
        if not (inner_folder / ".git").exists():
            continue
        inner_dir = Path(Git(None, folder=inner_folder).run("rev-parse", "--absolute-git-dir").decode().rstrip("\n"))
        inner = beside(inner_dir, inner_folder, scratch)
        try:
            inner_tree = inner.run("rev-parse", f"{commit}^{{tree}}").decode().strip() if is_committed else _tree(inner)
        except SourceError:
            if is_committed:  # another commit is checked out, and this one never was
                continue
            raise
        found = with_checked_out(inner, inner_tree, inner_folder, scratch, is_committed, depth - 1)
        trees[path] = found.tree
        stores += (objects_of(inner_dir), *found.stores)
    if not trees:
        return Grafted(tree)
    return Grafted(graft(seeing(git, stores), tree, trees), tuple(stores))


def beside(git_dir: Path, top: Path, scratch: Path) -> Git:
    """Git on a repository whose index and new objects lie elsewhere, so that nothing is written into it."""
    folder = Path(tempfile.mkdtemp(prefix="index-", dir=scratch))
    if (git_dir / "index").exists():
        # With its time: git reads a file again that was changed in the same moment as the index.
        shutil.copy2(git_dir / "index", folder)
    env = {
        "GIT_INDEX_FILE": str(folder / "index"),
        "GIT_OBJECT_DIRECTORY": str(scratch / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(objects_of(git_dir)),
    }
    return Git(git_dir, folder=top, work_tree=top, env=env)


def seeing(git: Git, stores: list[Path]) -> Git:
    """The same, which finds objects of other repositories too."""
    name = "GIT_ALTERNATE_OBJECT_DIRECTORIES"
    seen = ":".join([git.variables[name], *map(str, stores)])
    return Git(git.git_dir, folder=git.folder, work_tree=git.folder, env={**git.variables, name: seen})


def objects_of(git_dir: Path) -> Path:
    """Where objects lie: a linked work tree shares those of its repository."""
    common = git_dir / "commondir"
    if common.exists():
        return (git_dir / common.read_text(encoding="utf-8").strip()).resolve() / "objects"
    return git_dir / "objects"


def _tree(git: Git) -> str:
    git.run("add", "--all", ".")
    return git.run("write-tree").decode().strip()
