"""A repository whose pipelines run on the engine of the tests, the daemon that follows it, and a user of both."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from reconciler.containers import labels
from reconciler.containers.connection import Connection, explained
from reconciler.model.errors import EngineError
from reconciler.model.image_names import image_tag
from reconciler.state.folder import StateFolder
from reconciler.state.store import State
from tests.daemon.daemon_process import DaemonProcess
from tests.daemon.origin import Origin

from .engine import SMALL

SCHEMA = "$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json"


class Served:
    """One state with its source; `close` removes what was made of it on the engine."""

    def __init__(self, folder: Path, host: str) -> None:
        self.state = folder / "state"
        self.origin = Origin(folder / "git")
        self._host = host
        self._configuration = folder / "config.yaml"
        self._configuration.write_text(f"docker:\n  host: {host}\n  build: {{network: host}}\n")

    def daemon(self, *options: str) -> DaemonProcess:
        given = ["--engine", "docker", "--config", str(self._configuration), *options]
        return DaemonProcess(self.origin.url, self.state, *given)

    def program(self, *arguments: str) -> str:
        """What a verb prints; it has to end well."""
        command = [sys.executable, "-m", "reconciler", *arguments, "--state", str(self.state)]
        variables = {"RECONCILER_CONFIG": str(self._configuration), "RECONCILER_ENGINE": "docker"}
        done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def data(self, *arguments: str) -> Any:
        return json.loads(self.program(*arguments, "-o", "json"))

    def runs(self) -> list[dict[str, Any]]:
        """The runs, the oldest first."""
        if not (self.state / "state.db").exists():
            return []
        found: list[dict[str, Any]] = self.data("runs")
        return found[::-1]

    def condition(self, kind: str, name: str) -> tuple[str, str]:
        """The reason and the message of a resource."""
        for resource in self.data("get", kind):
            if resource["name"] == name:
                return resource["conditions"][0]["reason"], resource["conditions"][0]["message"]
        return "", ""

    def images(self) -> set[str]:
        """The ids of the images that were built for this state."""
        return {image["Id"] for image in self._api().images(filters=self._ours())}

    def containers(self) -> list[str]:
        return [container["Id"] for container in self._api().containers(all=True, filters=self._ours())]

    def step_folder(self, run: str, step: str) -> Path:
        return self.state / "work" / run / step

    def close(self) -> None:
        if not (self.state / "state.db").exists():
            return
        api = self._api()
        for container in self.containers():
            with suppress(EngineError), explained(container):
                api.remove_container(container, force=True)
        state = State(StateFolder(self.state))
        noted = state.environments.all("docker")
        state.close()
        for tag in (image_tag(each.name, each.version or None, each.digest) for each in noted):
            with suppress(EngineError), explained(tag):
                api.remove_image(tag)
        for image in self.images():
            with suppress(EngineError), explained(image):
                api.remove_image(image, force=True)

    def _api(self) -> Any:
        return Connection(self._host).api

    def _ours(self) -> Mapping[str, str]:
        state = State(StateFolder(self.state))
        try:
            return {"label": f"{labels.STATE}={state.settings.state_id}"}
        finally:
            state.close()


def statuses(run: Mapping[str, Any]) -> dict[str, str]:
    return {step["name"]: step["status"] for step in run["steps"]}


def two_environments(first: str = "echo one", second: str = "echo two") -> dict[str, str]:
    """Two Dockerfiles, and a pipeline in which one step uses the one and two the other."""
    job = "    {code}environment: azureml:{environment}@latest\n    outputs: {{text: {{type: uri_file}}}}\n"

    def of(name: str, environment: str, command: str, inputs: str = "") -> str:
        about = job.format(code="", environment=environment)
        return f"  {name}:\n    type: command\n    command: {json.dumps(command)}\n{about}{inputs}"

    read = "    inputs: {before: {type: uri_file, path: '${{parent.jobs.make.outputs.text}}'}}\n"
    return {
        "first/Dockerfile": f"FROM {SMALL}\nRUN {first} > /made\n",
        "first/environment.yaml": f"{SCHEMA}\nname: first\nbuild: {{path: .}}\n",
        "second/Dockerfile": f"FROM {SMALL}\nRUN {second} > /made\n",
        "second/environment.yaml": f"{SCHEMA}\nname: second\nbuild: {{path: .}}\n",
        "pipeline.yaml": "type: pipeline\nname: loans\njobs:\n"
        + of("make", "first", "cat /made > ${{outputs.text}}")
        + of("use", "second", "cat /made ${{inputs.before}} > ${{outputs.text}}", read)
        + of("alone", "second", "cat /made > ${{outputs.text}}"),
    }


def held_up(name: str = "loans", more: str = "", command: str = "") -> dict[str, str]:
    """A pipeline whose only step says that it begins, and waits until it finds a file `go` in its folder."""
    wait = f"{command}echo $$ >> /reconciler/begun; until test -e /reconciler/go; do sleep 0.05; done; echo 1 > "
    return {
        "pipeline.yaml": f"type: pipeline\nname: {name}\n{more}jobs:\n  train:\n    type: command\n"
        f"    command: {json.dumps(wait + '${{outputs.text}}')}\n    environment: {{image: '{SMALL}'}}\n"
        "    outputs: {text: {type: uri_file}}\n"
    }
