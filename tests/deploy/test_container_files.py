"""The files of the container: they belong together, and hold no more than they need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.configuration.read import read_configuration

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy" / "container"


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    return services


def mounts(service: dict[str, Any]) -> dict[str, str]:
    """Where what of the host is seen."""
    return dict(reversed(volume.removesuffix(":ro").split(":")) for volume in service["volumes"])


@pytest.mark.parametrize("name", ["mlflow", "daemon"])
def test_no_service_has_more_than_it_needs(composed: dict[str, Any], name: str) -> None:
    service = composed[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "user" not in service  # that of the image, which is not root


def test_only_the_daemon_gets_the_socket_of_the_engine(composed: dict[str, Any]) -> None:
    assert "/var/run/docker.sock" in mounts(composed["daemon"])
    assert "/var/run/docker.sock" not in mounts(composed["mlflow"])


def test_the_engine_is_told_where_the_state_lies_that_is_mounted(composed: dict[str, Any]) -> None:
    docker = read_configuration(DEPLOY / "config.yaml", {}).docker
    seen = mounts(composed["daemon"])
    assert dict(docker.paths) == {"/var/lib/reconciler": seen["/var/lib/reconciler"]}
    assert seen["/etc/reconciler/config.yaml"] == "./config.yaml"


def test_steps_reach_mlflow_over_the_network_that_is_made(composed: dict[str, Any]) -> None:
    docker = read_configuration(DEPLOY / "config.yaml", {}).docker
    networks = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["networks"]
    assert docker.tracking.network in [network["name"] for network in networks.values()]
    assert f"--tracking={docker.tracking.uri}" in composed["daemon"]["command"]
    port = docker.tracking.uri.rpartition(":")[2]
    assert f"--port={port}" in composed["mlflow"]["command"]
    assert f"mlflow:{port}" in "".join(composed["mlflow"]["command"])


def test_what_the_image_copies_is_let_through_and_nothing_else() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    copied = {
        name
        for line in (DEPLOY / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for name in line.split()[1:-1]
    }
    assert set(ignored[ignored.index("*") + 1 :]) == {*(f"!{name}" for name in copied), "**/__pycache__", "**/*.pyc"}
    assert all((ROOT / name).exists() for name in copied)
