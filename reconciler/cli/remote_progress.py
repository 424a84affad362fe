"""What happens at a daemon elsewhere: a line for each change of a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from reconciler.cli.daemon_client import DaemonClient
from reconciler.cli.output import harmless, say
from reconciler.cli.run_table import show_run_body
from reconciler.model.runs import RunStatus

_LOOK_SECONDS = 1.0
_MOST_RUNS = 50
Body = Mapping[str, Any]


class RemoteProgress:
    """Follows runs to their end."""

    def __init__(self, daemon: DaemonClient) -> None:
        self._daemon = daemon
        self._said: dict[tuple[str, str], str] = {}

    def over(self) -> Collection[str]:
        """The runs that are over by now."""
        return {each["id"] for each in self._runs() if not _is_running(each)}

    def follow_sources(self, sources: Collection[str], over: Collection[str]) -> bool:
        """Show what runs of these sources until nothing does, save what was over before; whether all ended well."""
        return self._follow(
            lambda: [each for each in self._runs() if each["source"] in sources and each["id"] not in over]
        )

    def follow_run(self, run_id: str) -> bool:
        """Show a run to its end; whether it ended well."""
        return self._follow(lambda: [self._daemon.get("runs", run_id)])

    def _runs(self) -> list[Body]:
        found: list[Body] = self._daemon.get("runs", limit=_MOST_RUNS)
        return found

    def _follow(self, look: Callable[[], list[Body]]) -> bool:
        while True:
            runs = look()
            for run in reversed(runs):
                self._say_changes(run)
            if not any(_is_running(run) for run in runs):
                break
            time.sleep(_LOOK_SECONDS)
        for run in reversed(runs):
            show_run_body(self._daemon.get("runs", run["id"], "description"))
        return all(RunStatus(run["status"]).is_good for run in runs)

    def _say_changes(self, run: Body) -> None:
        for step in run["steps"]:
            key = run["id"], step["name"]
            if step["status"] != "pending" and self._said.get(key) != step["status"]:
                self._said[key] = step["status"]
                took = f" {step['seconds']:.1f} s" if step["seconds"] is not None else ""
                say(harmless(f"{run['id']} {step['name']}: {step['status']}{took}"))


def _is_running(run: Body) -> bool:
    return bool(run["status"] == RunStatus.RUNNING)
