"""The loop, whatever happens in any order: in the end there is what Git says, and nothing was done twice."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from reconciler.model.pins import Pin
from reconciler.model.runs import Run
from reconciler.state.folder import StateFolder
from reconciler.state.outputs import remove
from reconciler.state.store import State

from .loop_checks import LoopChecks, ids
from .loop_process import SOURCE, LoopProcess
from .loop_repository import BAD, COMPONENTS, ORDERS, PIPELINES, Chain, LoopRepository, Pushed, Wanted

Each = TypeVar("Each")
components = st.sampled_from(COMPONENTS)
pipelines = st.sampled_from(PIPELINES)
places = st.integers(0, 7)
milliseconds = st.integers(0, 500)


class Loop(RuleBasedStateMachine):
    """A repository that is pushed to, the daemon that follows it, and all that may come between."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="loop-"))
        self.repository = LoopRepository(self.folder)
        self.state = State(StateFolder(self.folder / "state"))
        self.checks = LoopChecks(self.state, self.repository)
        self.daemon = LoopProcess(self.repository.origin.url, self.folder / "state")
        self.daemon.start()
        self.applicable = {self.repository.head.commit}  # what may be applied by now
        self.held: dict[tuple[str, str], frozenset[str]] = {}  # the runs that there were when it was suspended
        self.pins: dict[tuple[str, str], Pin] = {}

    @property
    def is_held(self) -> bool:
        return ("source", SOURCE) in self.held

    @property
    def pinned(self) -> str:
        """The commit that the source is pinned to, "" where it is not."""
        pin = self.pins.get(("source", SOURCE))
        return pin.commit if pin is not None else ""

    # --- what is pushed ---

    @rule(
        name=components,
        is_broken=st.sampled_from([False, False, True]),
        is_deterministic=st.sampled_from([True, True, False]),
    )
    def push_code(self, name: str, is_broken: bool, is_deterministic: bool) -> None:
        self._push(self.repository.with_code(name, is_broken, is_deterministic))

    @rule(name=components)
    def push_version_of_the_same_content(self, name: str) -> None:
        self._push(self.repository.with_version(name))

    @rule(name=pipelines, place=places, is_hasty=st.booleans())
    def push_pipeline(self, name: str, place: int, is_hasty: bool) -> None:
        order = ORDERS[place % len(ORDERS)]
        self._push(self.repository.with_pipeline(name, Chain(order, place % 2, is_hasty)))

    @rule(name=pipelines)
    def push_without_pipeline(self, name: str) -> None:
        wanted = self.repository.without_pipeline(name)
        if wanted.pipelines:
            self._push(wanted)

    @rule(text=st.sampled_from(BAD))
    def push_bad_manifest(self, text: str) -> None:
        self._push(self.repository.with_trouble(text))

    @rule(name=components)
    def push_other_code_of_the_same_version(self, name: str) -> None:
        if self.checks.applied == self.repository.head.commit:  # else nobody knows yet what the version stands for
            self._push(self.repository.with_code_of_the_same_version(name))

    @rule(place=places)
    def push_revert(self, place: int) -> None:
        self._push(_chosen(self.repository.history, place).wanted)

    @rule(place=places, name=components)
    def push_instead(self, place: int, name: str) -> None:
        base = _chosen(self.repository.history, place)
        self._note(self.repository.push_instead(base, self.repository.with_code(name)))

    @rule(count=st.integers(2, 3), name=components)
    def push_at_once(self, count: int, name: str) -> None:
        for _ in range(count):
            self._note(self.repository.push(self.repository.with_code(name)))

    def _push(self, wanted: Wanted) -> None:
        self._note(self.repository.push(wanted))

    def _note(self, pushed: Pushed) -> None:
        if pushed.wanted.is_good:
            self.applicable.add(pushed.commit)

    # --- what becomes of the daemon ---

    @precondition(lambda self: self.daemon.is_running)
    @rule()
    def look(self) -> None:
        self._turn("push")

    @precondition(lambda self: self.daemon.is_running and not self.repository.gate.exists())
    @rule()
    def wait_for_the_runs(self) -> None:
        self._turn("push")
        self.daemon.until(lambda: not self.state.runs.running())

    @precondition(lambda self: self.daemon.is_running)
    @rule(pause=milliseconds)
    def kill(self, pause: int) -> None:
        time.sleep(pause / 1000)
        self.daemon.kill()

    @precondition(lambda self: self.daemon.is_running)
    @rule(name=components, pause=milliseconds)
    def kill_while_it_runs_what_was_pushed(self, name: str, pause: int) -> None:
        self.push_code(name, is_broken=False, is_deterministic=True)
        self.kill(pause)
        self.daemon.start()

    @precondition(lambda self: self.daemon.is_running)
    @rule()
    def stop(self) -> None:
        self.daemon.stop()

    @precondition(lambda self: not self.daemon.is_running)
    @rule()
    def start(self) -> None:
        self.daemon.start()

    def _turn(self, news: str) -> None:
        """A turn, after which it is known what has to be applied."""
        if not self.daemon.is_running:
            return
        before, head = self.checks.applied, self.repository.head
        self.daemon.turn(news)
        applied = self.checks.applied
        if self.is_held:
            assert applied == before, f"{applied} was applied while its source is suspended"
        elif self.pinned:
            assert applied == self.pinned, f"{applied} was applied while {self.pinned} is pinned"
        elif head.wanted.is_good:
            assert applied == head.commit, f"{applied} is applied, not {head.commit}:\n{self.daemon.said}"
            self.applicable = {head.commit}

    # --- what people hold and let go of ---

    @rule()
    def suspend_source(self) -> None:
        self._suspend("source", SOURCE)

    @rule(name=pipelines)
    def suspend_pipeline(self, name: str) -> None:
        self._suspend("pipeline", name)

    @precondition(lambda self: self.held)
    @rule(place=places)
    def resume(self, place: int) -> None:
        self._resume(*_chosen(sorted(self.held), place))

    def _suspend(self, kind: str, name: str) -> None:
        self.state.suspensions.suspend(SOURCE, kind, name, "ada@lab", "holidays", time.time())
        if self.daemon.is_running:
            self.daemon.turn("suspend")  # one that was under way may still have started something
        self.held[kind, name] = ids(self.checks.runs, name if kind == "pipeline" else None)

    def _resume(self, kind: str, name: str) -> None:
        del self.held[kind, name]
        self.state.suspensions.resume(SOURCE, kind, name, time.time())
        self._turn("resume")

    @rule(place=places)
    def roll_back_source(self, place: int) -> None:
        for revision in _some(self.checks.applied_revisions(), place):
            self._pin("source", SOURCE, revision)
            self._turn("rollback")

    @rule(place=places)
    def roll_back_pipeline(self, place: int) -> None:
        for run in _some(self.checks.good_runs(), place):
            self._pin("pipeline", run.pipeline, run.revision, run)
            self._turn("rollback")

    @rule(place=places)
    def unpin(self, place: int) -> None:
        if self.pins:
            self._unpin(_chosen(sorted(self.pins), place))

    def _pin(self, kind: str, name: str, revision: str, run: Run | None = None) -> None:
        commit = revision.rpartition("sha1:")[2]
        pin = Pin(SOURCE, kind, name, revision, commit, "ada@lab", "", "worse", run.id if run is not None else "")
        self.pins[kind, name] = self.state.pins.pin(pin, time.time())
        if kind == "source":
            self.applicable.add(commit)

    def _unpin(self, key: tuple[str, str]) -> None:
        self.state.pins.unpin(self.pins.pop(key))
        self._turn("unpin")

    @precondition(lambda self: self.daemon.is_running)
    @rule(name=pipelines, is_forced=st.booleans())
    def run_by_hand(self, name: str, is_forced: bool) -> None:
        answer = self.daemon.run(name, is_forced)
        if ("pipeline", name) in self.held or self.is_held:
            assert not answer.run, "a run was started of what is suspended"

    @precondition(lambda self: self.daemon.is_running)
    @rule(place=places)
    def cancel(self, place: int) -> None:
        for run in _some(self.state.runs.running(), place):
            self.daemon.cancel(run.id)

    # --- what happens to steps, and to what they wrote ---

    @precondition(lambda self: not self.repository.gate.exists())
    @rule()
    def close_the_gate(self) -> None:
        self.repository.gate.touch()

    @precondition(lambda self: self.repository.gate.exists())
    @rule()
    def open_the_gate(self) -> None:
        self.repository.gate.unlink(missing_ok=True)

    @precondition(lambda self: not self.repository.fault.exists())
    @rule()
    def break_what_steps_need(self) -> None:
        self.repository.fault.touch()

    @precondition(lambda self: self.repository.fault.exists())
    @rule()
    def mend_what_steps_need(self) -> None:
        self.repository.fault.unlink(missing_ok=True)

    @rule(place=places, is_spoilt=st.booleans())
    def destroy_output(self, place: int, is_spoilt: bool) -> None:
        for content in _some(self.checks.contents(), place):
            path = self.checks.path_of(content)
            self.checks.destroyed[content] += 1
            if is_spoilt:
                path.chmod(0o644)
                path.write_text("something else\n", encoding="utf-8")
            else:
                remove(path)
        if self.daemon.is_running:
            self.daemon.look_for_drift()

    @rule(is_broken=st.booleans())
    def destroy_environment(self, is_broken: bool) -> None:
        for place in self.state.folder.environments.iterdir():
            if (place / "bin").exists():
                (place / "broken").touch() if is_broken else shutil.rmtree(place)

    @rule()
    def forget_schedules(self) -> None:
        for each in self.state.schedules.all(SOURCE):
            self.state.schedules.forget(SOURCE, each.name)

    # --- what has to hold ---

    @invariant()
    def nothing_is_out_of_order(self) -> None:
        self.checks.assert_sound()
        applied = self.checks.applied
        assert not applied or applied in self.applicable, f"{applied} is applied: {self.applicable}"

    @invariant()
    def what_is_suspended_starts_nothing(self) -> None:
        for (kind, name), before in self.held.items():
            new = ids(self.checks.runs, name if kind == "pipeline" else None) - before
            assert not new, f"{', '.join(new)} started though {kind} {name} is suspended:\n{self.daemon.said}"

    def teardown(self) -> None:
        try:
            self._come_to_rest()
            self.checks.assert_nothing_twice()
        except AssertionError as error:
            error.add_note(self.daemon.said)
            raise
        finally:
            if self.daemon.is_running:
                self.daemon.kill()
            self.repository.gate.unlink(missing_ok=True)
            self.state.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _come_to_rest(self) -> None:
        """Let go of everything, put right what people have to, and see that the rest comes right by itself."""
        self.open_the_gate()
        self.mend_what_steps_need()
        if not self.daemon.is_running:
            self.daemon.start()
        if not self.repository.head.wanted.is_sound:
            self._push(self.repository.mended())
        for key in list(self.pins):
            self._unpin(key)
        for key in list(self.held):
            self._resume(*key)
        self._turn("push")
        self.daemon.until(lambda: not self.state.runs.running())
        self.daemon.turn()
        self.daemon.look_for_drift()
        self._until_all_is_right()
        runs = ids(self.checks.runs)
        self.daemon.turn()
        self.daemon.look_for_drift()
        self._until_all_is_right()
        assert ids(self.checks.runs) == runs, "runs were started though there was nothing to do"
        self.checks.assert_sound()

    def _until_all_is_right(self) -> None:
        troubles, forced = ["nothing was looked at"], set[str]()

        def is_right() -> bool:
            troubles[:] = self.checks.troubles(self.repository.head)
            for name in set(self.checks.only_to_be_forced()) - forced:
                forced.add(name)
                self.daemon.run(name, is_forced=True)
            return not troubles

        try:
            self.daemon.until(is_right)
        except AssertionError as error:
            error.add_note("\n".join(troubles))
            raise


def _some(among: Sequence[Each], place: int) -> Sequence[Each]:
    """One of them, where there are any: what there is at a moment is no condition that a rule could have."""
    return [_chosen(among, place)] if among else []


def _chosen(among: Sequence[Each], place: int) -> Each:
    """One of them: the last ones are those that are likely to matter."""
    return among[-1 - place % len(among)]


TestLoop = Loop.TestCase
TestLoop.settings = settings(
    max_examples=12,
    stateful_step_count=15,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # processes race as they like: what failed need not again
    suppress_health_check=list(HealthCheck),
)
