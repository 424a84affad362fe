"""The state as one value: the database, the cache and the folders beside them."""

from __future__ import annotations

import copy
import sqlite3
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.model.errors import StateError
from reconciler.state.assets import Assets
from reconciler.state.backups import Backups
from reconciler.state.cache_schema import CACHE_MIGRATIONS
from reconciler.state.database import Database
from reconciler.state.documents import Documents
from reconciler.state.environments import Environments
from reconciler.state.events import Events
from reconciler.state.folder import StateFolder
from reconciler.state.image_pins import ImagePins
from reconciler.state.lock import Presence, StateLock
from reconciler.state.model_registry import ModelRegistry
from reconciler.state.outputs import Outputs
from reconciler.state.pins import Pins
from reconciler.state.results import Results
from reconciler.state.runs import Runs
from reconciler.state.schedules import Schedules
from reconciler.state.schema import STATE_MIGRATIONS
from reconciler.state.settings import StateSettings
from reconciler.state.sources import Sources
from reconciler.state.suspensions import Suspensions
from reconciler.state.trouble import Trouble
from reconciler.state.verified import Verified
from reconciler.state.waiting_records import WaitingRecords

if TYPE_CHECKING:
    from reconciler.state.asked_runs import AskedRuns
    from reconciler.state.history import History
    from reconciler.state.notifications import Notifications
    from reconciler.state.previews import Previews
    from reconciler.state.pull_requests import PullRequests
    from reconciler.state.uses import Uses
    from reconciler.state.waiting_revisions import WaitingRevisions
    from reconciler.state.wirings import Wirings


class State:
    """Everything that is kept, opened together."""

    def __init__(self, folder: StateFolder) -> None:
        """Open the state, made where there is none.

        Raises:
            StateError: it cannot be opened, or is of a newer format.
        """
        try:
            folder.prepare()
        except OSError as error:
            message = f"the state cannot be kept here: {(error.strerror or str(error)).lower()}"
            hint = "name a folder that you may write to, with --state"
            raise StateError(message, place=str(folder.root), hint=hint) from error
        self.folder = folder
        self.database = Database(folder.database, STATE_MIGRATIONS, Backups(folder.database))
        self._cache = _cache(folder.cache)
        self.events = Events(self.database)
        self.runs = Runs(self.database, self.events)
        self.results = Results(self.database)
        self.sources = Sources(self.database, self.events)
        self.environments = Environments(self.database, self.events)
        self.assets = Assets(self.database)
        self.schedules = Schedules(self.database)
        self.pins = Pins(self.database)
        self.suspensions = Suspensions(self.database)
        self.model_registry = ModelRegistry(self.database)
        self.waiting_records = WaitingRecords(self.database)
        self.image_pins = ImagePins(self.database)
        self.settings = StateSettings(self.database)
        self.documents = Documents(self._cache)
        self.verified = Verified(self._cache)
        self.outputs = Outputs(folder.outputs)
        self.lock = StateLock(folder.root / "daemon.lock")
        self.trouble = Trouble(folder.root / "trouble")
        self.presence = Presence(folder.root / "apply.lock")

    # What the quick verbs do without is imported when it is first asked for.

    @cached_property
    def history(self) -> History:
        from reconciler.state.history import History

        return History(self.database)

    @cached_property
    def asked_runs(self) -> AskedRuns:
        from reconciler.state.asked_runs import AskedRuns

        return AskedRuns(self.database)

    @cached_property
    def notifications(self) -> Notifications:
        from reconciler.state.notifications import Notifications

        return Notifications(self.database)

    @cached_property
    def previews(self) -> Previews:
        from reconciler.state.previews import Previews

        return Previews(self.database)

    @cached_property
    def pull_requests(self) -> PullRequests:
        from reconciler.state.pull_requests import PullRequests

        return PullRequests(self.database)

    @cached_property
    def uses(self) -> Uses:
        from reconciler.state.uses import Uses

        return Uses(self.database)

    @cached_property
    def waiting_revisions(self) -> WaitingRevisions:
        from reconciler.state.waiting_revisions import WaitingRevisions

        return WaitingRevisions(self.database, self.events)

    @cached_property
    def wirings(self) -> Wirings:
        from reconciler.state.wirings import Wirings

        return Wirings(self.database)

    def apart(self, preview: str) -> State:
        """The same state, as a preview sees it: what its steps give is kept apart."""
        seen = copy.copy(self)
        seen.results = Results(self.database, preview)
        return seen

    def close(self) -> None:
        self.database.close()
        self._cache.close()


def _cache(path: Path) -> Database:
    """The cache; one that is damaged or of a newer format is begun anew, for nothing in it is lost."""
    try:
        return Database(path, CACHE_MIGRATIONS)
    except StateError as error:
        if isinstance(error.__cause__, sqlite3.OperationalError):  # locked, or the disk is full
            raise
    for left in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        left.unlink(missing_ok=True)
    return Database(path, CACHE_MIGRATIONS)
