"""Where what people ask for is handed to the sources that it concerns, and their answers are put together."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.daemon.pipeline_names import PipelineNames
from reconciler.daemon.requests import Answer, Request, Requests
from reconciler.daemon.runs_under_way import RunsUnderWay
from reconciler.daemon.source_loop import SourceLoop
from reconciler.model.nearest import did_you_mean

_BUSY_SECONDS = 2.0  # a turn that lasts longer waits for a remote, and may for long


@dataclass(slots=True)
class _Asked:
    """A request, who has to answer it still, and what was answered."""

    request: Request
    awaited: set[str]
    answers: dict[str, Answer] = field(default_factory=dict)


class Desk:
    """Hands out requests, each once, in one thread; the answers come from others.

    Args:
        loops: those of the sources that are followed at the moment, by name.
        runs: those that are under way, also of sources that are followed no more.
    """

    def __init__(
        self,
        requests: Requests,
        loops: Mapping[str, SourceLoop],
        runs: Mapping[str, RunsUnderWay],
        names: PipelineNames,
    ) -> None:
        self._requests = requests
        self._loops = loops
        self._runs = runs
        self._names = names
        self._lock = threading.Lock()
        self._asked: dict[str, _Asked] = {}

    def hand_out(self) -> None:
        """Hand out what is asked since the last time."""
        pending = {request.name: request for request in self._requests.pending()}
        self._take_back(pending)
        for name, request in pending.items():
            if name not in self._asked:
                self._hand_out(request)

    def hand_on(self, loop: SourceLoop) -> None:
        """Hand what another loop of the same source has not answered to the one that took its place."""
        with self._lock:
            left = [asked.request for asked in self._asked.values() if loop.name in asked.awaited]
        for request in left:
            loop.ask(request)

    def answer(self, source: str, request: Request, answer: Answer) -> None:
        """Take an answer; who asked has it once all have answered that were asked."""
        with self._lock:
            asked = self._asked.get(request.name)
            if asked is None:  # nobody waits any more
                return
            asked.awaited.discard(source)
            asked.answers[source] = answer
            left = set(asked.awaited)
        self._requests.wait_for(request.name, left)
        if not left:
            self._requests.answer(request.name, _together(asked.answers))

    def _take_back(self, pending: Mapping[str, Request]) -> None:
        """Forget what is answered or not waited for any more; a source that is followed no more answers nothing."""
        with self._lock:
            self._asked = {name: asked for name, asked in self._asked.items() if name in pending}
            left = [(name, source) for name, asked in self._asked.items() for source in asked.awaited - {*self._loops}]
        for name, source in left:
            self.answer(source, pending[name], Answer(False, f"source {source} is followed no more"))

    def _hand_out(self, request: Request) -> None:
        if request.cancel:
            self._cancel(request)
            return
        source = request.source
        if source and source not in self._loops:
            hint = did_you_mean(source, [*self._loops], f"there are: {', '.join(self._loops) or 'none'}")
            self._requests.answer(request.name, Answer(False, f"no source `{source}` is followed ({hint})"))
            return
        if request.run is not None and not source:
            source = self._names.holder(request.run.pipeline) or ""
        asked = [self._loops[source]] if source in self._loops else [*self._loops.values()]
        if not asked:
            self._requests.answer(request.name, Answer(False, "no source is followed"))
            return
        late = {loop.name for loop in asked if request.news and (loop.seconds_in_turn() or 0.0) > _BUSY_SECONDS}
        names = {loop.name for loop in asked}
        with self._lock:
            self._asked[request.name] = _Asked(request, names)
        self._requests.wait_for(request.name, names)
        for loop in asked:
            loop.ask(request)
        for source in late:  # it has the news, and sees to it when it is done with what it does
            self.answer(source, request, Answer(True, "", late=(source,)))

    def _cancel(self, request: Request) -> None:
        is_found = any(runs.cancel(request.cancel) for runs in [*self._runs.values()])
        message = f"cancelling {request.cancel}" if is_found else f"{request.cancel} is not under way here"
        self._requests.answer(request.name, Answer(is_found, message))


def _together(answers: Mapping[str, Answer]) -> Answer:
    """The answers of several sources as one; that of a single one as it is."""
    if len(answers) == 1:
        return next(iter(answers.values()))
    told = "; ".join(f"{source}: {answer.message}" for source, answer in answers.items())
    run = next((answer.run for answer in answers.values() if answer.run), "")
    late = tuple(source for answer in answers.values() for source in answer.late)
    return Answer(all(answer.is_good for answer in answers.values()), told, run, late)
