"""Killed again and again, at instants that nobody chose: nothing is lost, and nothing that finished is repeated."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from reconciler.cli.verbs_state import all_resources
from reconciler.model.runs import Run, RunStatus
from reconciler.state.folder import StateFolder
from reconciler.state.outputs import digest_of_path
from reconciler.state.store import State
from tests.daemon.daemon_process import runs, until
from tests.daemon.origin import Origin
from tests.e2e.careful_pipeline import CarefulPipeline, Key
from tests.e2e.program import reconciler
from tests.e2e.warm import Daemons

pytestmark = pytest.mark.e2e

SEED = int(os.environ.get("RECONCILER_TEST_SEED", "20250611"))
KILLS = int(os.environ.get("RECONCILER_TEST_KILLS", "200"))
LATEST_SECONDS = 1.5  # a daemon that is not killed by itself until then is killed all the same
LAST_TOUCH = 300  # about as often as a run touches the database and files


class Ordeal:
    """A state whose daemons are killed, and what was seen of it each time."""

    def __init__(self, folder: Path, daemons: Daemons) -> None:
        self.state = folder / "state"
        self.pipeline = CarefulPipeline(folder / "notes")
        self.instants: list[str] = []
        self.pushed: list[str] = []
        self._log = folder / "daemon.log"
        self._origin = Origin(folder / "git")
        self._daemons = daemons
        self._random = random.Random(SEED)
        self._recorded: dict[str, Counter[Key]] = {}

    @property
    def story(self) -> str:
        """What happened, for who wants to see it happen again."""
        return f"RECONCILER_TEST_SEED={SEED}, killed {len(self.instants)} times: {', '.join(self.instants[-5:])}"

    def push(self) -> None:
        number = len(self.pushed)
        self.pushed.append(self._origin.push(self.pipeline.files(str(number // 2), str(number))))

    def kill_once(self) -> None:
        """Start a daemon, and have it die at a random instant; sometimes with all that it started, or with git only."""
        touch = int(LAST_TOUCH ** self._random.random()) if self._random.random() < 0.5 else 0
        seconds = LATEST_SECONDS if touch else self._random.random() ** 2
        victims = self._random.choice(("the daemon", "its group", "everything"))
        self.instants.append(f"{f'touch {touch}' if touch else f'{seconds:.3f} s'} with {victims}")
        pid = self._daemons.start(self._origin.url, self.state, self._log, touch)
        self._wait(pid, seconds)
        steps = self.steps() if victims == "everything" else []
        _kill(os.kill if victims == "the daemon" else os.killpg, pid)
        for step in steps:
            _kill(os.killpg, step.pid)
        until(lambda: self._daemons.is_over(pid))

    def _wait(self, pid: int, seconds: float) -> None:
        """Wait so long, or until the daemon is dead or has nothing more to do."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.05))
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE or self.is_done():
                return

    def go_on_to_the_end(self) -> None:
        pid = self._daemons.start(self._origin.url, self.state, self._log)
        until(self.is_done, 60)
        until(lambda: all(run.status is not RunStatus.RUNNING for run in runs(self.state)), 60)
        os.kill(pid, signal.SIGTERM)
        until(lambda: self._daemons.is_over(pid), 60)

    def is_done(self) -> bool:
        """Whether the newest revision has a run that succeeded."""
        good = [run.revision for run in runs(self.state) if run.status is RunStatus.SUCCEEDED]
        return any(revision.endswith(self.pushed[-1]) for revision in good)

    def look(self) -> None:
        """See that the state is whole and tells how things stand, and keep in mind what it says is finished."""
        if not (self.state / "state.db").exists():
            return
        state = State(StateFolder(self.state))
        try:
            assert self.faults_of_the_database() == []
            if state.sources.all():
                assert all_resources(state)
            executions = self.pipeline.executions()
            for row in state.database.rows("SELECT fingerprint FROM results"):
                self._recorded.setdefault(row["fingerprint"], executions)
        finally:
            state.close()

    def runs(self) -> list[Run]:
        """All runs, the oldest first."""
        state = State(StateFolder(self.state))
        found = state.runs.recent(limit=10 * KILLS)
        state.close()
        return found[::-1]

    def faults_of_the_database(self) -> list[str]:
        with closing(sqlite3.connect(self.state / "state.db")) as connection:
            said = [row[0] for row in connection.execute("PRAGMA integrity_check")]
            said += [str(row) for row in connection.execute("PRAGMA foreign_key_check")]
        return [each for each in said if each != "ok"]

    def repeated(self) -> dict[str, tuple[int, int]]:
        """The fingerprints that were executed after their result was recorded: how often before, and in all."""
        with closing(sqlite3.connect(self.state / "state.db")) as connection:
            steps = list(connection.execute("SELECT run_id, name, trial, fingerprint FROM steps"))
        executions = self.pipeline.executions()
        found = {}
        for fingerprint, before in self._recorded.items():
            keys = [(run, f"{name}.{trial}" if trial else name) for run, name, trial, of in steps if of == fingerprint]
            then, now = (sum(counts[key] for key in keys) for counts in (before, executions))
            if then != now:
                found[f"{fingerprint[:12]} {keys}"] = (then, now)
        return found

    def steps(self) -> list[psutil.Process]:
        """The processes that execute steps, or did so for daemons that are dead."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.status() != psutil.STATUS_ZOMBIE and process.cwd().startswith(str(self.state / "work")):
                    found.append(process)
        return found

    def leftovers(self) -> list[str]:
        """What lies in the state that is of use to nobody."""
        folder = StateFolder(self.state)
        found = [*folder.work.rglob("*"), *folder.outputs.glob("*/.*"), *folder.code.glob(".*")]
        found += [*folder.scratch.iterdir(), *folder.artifacts.iterdir(), *folder.sources.rglob("*.lock")]
        found += [*folder.sources.rglob("tmp_*"), *folder.root.rglob("*.tmp")]
        return [str(path.relative_to(folder.root)) for path in found]

    def altered(self) -> list[str]:
        """Kept outputs that are not what their digest says."""
        kept = State(StateFolder(self.state))
        contents = [(digest, path) for digest, path in kept.outputs.all() if not digest.startswith("git-")]
        kept.close()
        return [digest for digest, path in contents if digest_of_path(path) != digest]


def _kill(how: Callable[[int, signal.Signals], None], process: int) -> None:
    with suppress(ProcessLookupError):
        how(process, signal.SIGKILL)


@pytest.fixture(scope="module")
def ordeal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ordeal]:
    with Daemons() as daemons:
        ordeal = Ordeal(tmp_path_factory.mktemp("ordeal"), daemons)
        try:
            for _ in range(KILLS):
                if not ordeal.pushed or ordeal.is_done():
                    ordeal.push()
                ordeal.kill_once()
                ordeal.look()
            ordeal.go_on_to_the_end()
        except BaseException as error:
            error.add_note(ordeal.story)
            raise
        yield ordeal


def test_every_run_succeeds_and_every_revision_has_one(ordeal: Ordeal) -> None:
    ended = ordeal.runs()
    assert {run.status for run in ended} == {RunStatus.SUCCEEDED}, (ordeal.story, ended)
    assert [run.revision.rpartition(":")[2] for run in ended] == ordeal.pushed, ordeal.story
    assert len(ended) > 1


def test_no_step_that_finished_is_executed_again(ordeal: Ordeal) -> None:
    assert ordeal.repeated() == {}, ordeal.story


def test_no_half_of_an_output_is_ever_read_or_kept(ordeal: Ordeal) -> None:
    assert ordeal.pipeline.spoilt() == "", ordeal.story
    assert ordeal.altered() == [], ordeal.story


def test_nothing_is_left_running_or_lying_about(ordeal: Ordeal) -> None:
    assert ordeal.steps() == [], ordeal.story
    assert ordeal.leftovers() == [], ordeal.story


def test_the_state_is_whole_and_the_program_tells_of_it(ordeal: Ordeal) -> None:
    assert ordeal.faults_of_the_database() == []
    resources = reconciler("get", "--state", ordeal.state, "-o", "json").data()
    ready = {
        each["name"]: condition["status"]
        for each in resources
        for condition in each["conditions"]
        if condition["type"] == "Ready"
    }
    assert ready == {"main": True, "careful": True, "python": True}
