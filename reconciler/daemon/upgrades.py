"""Upgrades of references on a branch of their own, for somebody to merge; nothing waits for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from reconciler.model.configuration import UpgradeSettings
from reconciler.model.desired import Desired
from reconciler.model.errors import ReconcilerError
from reconciler.model.plan import Actual
from reconciler.planning.outdated import pinned_by
from reconciler.planning.resolve import Registry
from reconciler.planning.versions import version_after_edit
from reconciler.registry.upgrading import Edit, Upgrade, upgrade_of
from reconciler.source.edited_trees import Author, commit_edits
from reconciler.source.mirror import Mirror
from reconciler.source.own_branch import OwnBranch

log = logging.getLogger("reconciler")


class Upgrades:
    """Keeps one branch of the followed remote at the applied revision with its references upgraded.

    Args:
        settings: None where nothing of this is wanted.
        on_push: told what was pushed, in the thread that did.

    Attributes:
        told: what is to be said of the branch, "" where all is well.
    """

    def __init__(
        self,
        settings: UpgradeSettings | None,
        mirror: Mirror,
        clock: Callable[[], float],
        on_change: Callable[[], None],
        on_push: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._mirror = mirror
        self._clock = clock
        self._on_change = on_change
        self._on_push = on_push
        self._followed: tuple[str | None, object] | None = None
        self._is_busy = False
        self._retry_at: float | None = None
        self._thread: threading.Thread | None = None
        self.told = ""

    def next_due(self) -> float | None:
        """When a push that failed is due again, None where none is or it has been due already."""
        due = self._retry_at
        return due if due is not None and due > self._clock() else None

    def follow(self, desired: Desired, actual_of: Callable[[], Actual]) -> None:
        """See to the branch where the revision or its tags are others than before, or a push is due again.

        What is found while the branch is still being written is looked at when that is done.

        Args:
            actual_of: the versions that were applied; asked only where there is something to do.
        """
        is_due = self._retry_at is not None and self._retry_at <= self._clock()
        wanted = (desired.snapshot.commit, desired.releases)
        if self._settings is None or self._is_busy or (not is_due and self._followed == wanted):
            return
        self._followed, self._retry_at, self._is_busy = wanted, None, True
        self._thread = threading.Thread(
            target=self._bring, args=(desired, actual_of(), self._settings), name="upgrades", daemon=True
        )
        self._thread.start()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until the branch is seen to."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _bring(self, desired: Desired, actual: Actual, settings: UpgradeSettings) -> None:
        """In a thread of its own, which no fault may end without a word."""
        try:
            self._write(desired, actual, settings)
            told = ""
        except ReconcilerError as error:
            told = f"upgrades are not on `{settings.branch}`: {error}"
        except Exception as error:  # the daemon goes on without its upgrades
            log.exception("upgrades failed")
            told = f"upgrades failed: {type(error).__name__}: {error}"
        if told:
            self._retry_at = self._clock() + settings.retry_seconds
        if told != self.told:
            self.told = told
            if told:
                log.warning("%s", told)
        self._is_busy = False
        self._on_change()

    def _write(self, desired: Desired, actual: Actual, settings: UpgradeSettings) -> None:
        """Commit the upgrades on top of the revision, and push the commit where the branch holds another content.

        Raises:
            ReconcilerError: the remote does not answer or refuses.
        """
        parent = desired.snapshot.commit
        upgrade = self._upgrade(desired, actual, settings)
        if parent is None or not upgrade.edits:
            return
        branch, author = OwnBranch(self._mirror, settings.branch), Author(*settings.author)
        commit = commit_edits(self._mirror.git, parent, upgrade.contents, _message(upgrade.edits), author)
        branch.keep(commit)
        if settings.is_pushed and branch.bring(commit, author):
            log.info("pushed %d upgrades to %s", len(upgrade.edits), settings.branch)
            self._on_push(f"pushed {commit[:10]} with {len(upgrade.edits)} upgrades to {settings.branch}")

    def _upgrade(self, desired: Desired, actual: Actual, settings: UpgradeSettings) -> Upgrade:
        def content_of(file: str) -> bytes:
            return self._mirror.objects.read(desired.snapshot.entries[file].oid)

        def version_of_edited(file: str) -> str | None:
            return version_after_edit(desired.manifests[file], desired, actual)

        pins = pinned_by(desired.pipelines, Registry(desired))
        return upgrade_of(pins, settings.policy, desired.settings, content_of, version_of_edited)


def _message(edits: list[Edit]) -> str:
    first = next(edit for edit in edits if edit.kind is not None)
    changed = {(edit.before, edit.after) for edit in edits if edit.kind is not None}
    title = f"Upgrade {first.before} to {first.after}" if len(changed) == 1 else f"Upgrade {len(changed)} references"
    lines = (f"{edit}  ({', '.join(edit.pipelines)})" for edit in edits)
    return "\n".join([title, "", *(_on_one_line(line) for line in lines), ""])


def _on_one_line(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
