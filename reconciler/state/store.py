"""The state as one value: the database, the cache and the folders beside them."""

from __future__ import annotations

from reconciler.state.database import Database
from reconciler.state.documents import Documents
from reconciler.state.environments import Environments
from reconciler.state.folder import StateFolder
from reconciler.state.lock import Presence, StateLock
from reconciler.state.outputs import Outputs
from reconciler.state.results import Results
from reconciler.state.runs import Runs
from reconciler.state.schema import CACHE_MIGRATIONS, STATE_MIGRATIONS
from reconciler.state.sources import Sources


class State:
    """Everything that is kept, opened together."""

    def __init__(self, folder: StateFolder) -> None:
        """Open the state, made where there is none.

        Raises:
            StateError: it cannot be opened, or is of a newer format.
        """
        folder.prepare()
        self.folder = folder
        self.database = Database(folder.database, STATE_MIGRATIONS)
        self._cache = Database(folder.cache, CACHE_MIGRATIONS)
        self.runs = Runs(self.database)
        self.results = Results(self.database)
        self.sources = Sources(self.database)
        self.environments = Environments(self.database)
        self.documents = Documents(self._cache)
        self.outputs = Outputs(folder.outputs)
        self.lock = StateLock(folder.root / "daemon.lock")
        self.presence = Presence(folder.root / "apply.lock")

    def close(self) -> None:
        self.database.close()
        self._cache.close()
