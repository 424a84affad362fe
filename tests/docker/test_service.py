"""The service on a machine that systemd has booted: installed, watched over, stopped, upgraded and removed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.daemon.daemon_process import until

from .booted import BootedMachine, build
from .contained_daemon import Client

pytestmark = pytest.mark.timeout(1200)  # the first time, packages are fetched

PATIENCE = 90.0
SOURCE = "  - {name: NAME, url: /srv/NAME.git, branch: main, interval: 1}\n"
CONFIGURATION = "sources:\n" + SOURCE.replace("NAME", "loans")
DROP_INS = "/etc/systemd/system/reconciler.service.d"
# The times of the unit that a test cannot wait for.
HURRY = "[Service]\nWatchdogSec=3\nRestartSec=1\n"


def pipeline(name: str, command: str, environment: str = "{image: python}") -> str:
    return (
        f"type: pipeline\nname: {name}\njobs:\n  train:\n    type: command\n    command: |\n      {command}\n"
        f"    environment: {environment}\n    outputs: {{text: {{type: uri_file}}}}\n"
    )


HELD_UP = pipeline("loans", "echo done > ${{outputs.text}}; touch begun; until test -e /srv/go; do sleep 0.1; done")


@pytest.fixture(scope="module")
def booted(host: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BootedMachine]:
    client = Client(host)
    build(client, tmp_path_factory.mktemp("image"))
    machine = BootedMachine(client)
    try:
        until(lambda: machine.call("systemctl", "is-system-running", is_checked=False) == "running", PATIENCE)
        machine.install()
        yield machine
    finally:
        machine.remove()


@pytest.fixture
def machine(booted: BootedMachine) -> Iterator[BootedMachine]:
    """One with the service installed and stopped, which follows a repository that is not there yet."""
    booted.write("/etc/reconciler/config.yaml", CONFIGURATION)
    booted.write("/etc/reconciler/environment", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt\n")
    yield booted
    booted.shell(f"systemctl stop reconciler; rm -rf {DROP_INS} /srv/* /var/lib/reconciler/*; systemctl daemon-reload")


def status(machine: BootedMachine) -> str:
    """How the newest run stands."""
    found = machine.verb("runs")
    return str(found[0]["status"]) if found else ""


def until_begun(machine: BootedMachine) -> None:
    until(lambda: machine.shell("find /var/lib/reconciler/work -name begun", is_checked=False), PATIENCE)


def written(machine: BootedMachine) -> str:
    """What the steps wrote."""
    return machine.shell("find /var/lib/reconciler/outputs -type f -exec cat {} +")


def test_it_is_ready_once_the_source_was_looked_at_and_says_in_a_line_how_it_stands(machine: BootedMachine) -> None:
    machine.push("loans", pipeline("loans", "echo 1 > ${{outputs.text}}"))
    machine.call("systemctl", "start", "reconciler")
    assert machine.service("ActiveState") == "active"
    assert "applied main@sha1:" in machine.journal()
    until(lambda: status(machine) == "succeeded", PATIENCE)
    until(lambda: machine.service("StatusText") == "1 source; 0 runs under way")
    (source,) = machine.verb("get", "source")
    assert source["conditions"][0]["status"] is True


def test_steps_have_their_environments_and_the_network_and_nothing_else_of_the_machine(machine: BootedMachine) -> None:
    look = (
        "python -c 'import tomli; print(tomli.__name__)' > ${{outputs.text}};"
        " (id -un; grep -E 'CapEff|NoNewPrivs' /proc/self/status; ls /root /home; touch /etc/x /srv/x /opt/x;"
        " unshare --user true) >> ${{outputs.text}} 2>&1 || true"
    )
    conda = "{image: python, conda_file: {dependencies: [python, pip, {pip: [tomli]}]}}"
    machine.push("loans", pipeline("loans", look, conda))
    machine.call("systemctl", "start", "reconciler")
    until(lambda: status(machine) in ("succeeded", "failed"), PATIENCE)
    assert status(machine) == "succeeded", machine.journal()
    said = written(machine).splitlines()
    assert said[:2] == ["tomli", "reconciler"]
    assert [line.split()[1] for line in said[2:4]] == ["0000000000000000", "1"]
    refusals = [line for line in said[4:] if "denied" in line or "Read-only" in line or "not permitted" in line]
    assert len(refusals) == 6, said


def test_installing_it_again_changes_nothing_and_starts_it_anew(machine: BootedMachine) -> None:
    machine.push("loans", HELD_UP)
    machine.call("systemctl", "start", "reconciler")
    until_begun(machine)
    before = machine.service("MainPID")
    said = machine.install()
    assert "restarted reconciler.service; steps that ran go on" in said
    assert "wrote" not in said
    assert "made the user" not in said
    assert machine.shell("cat /etc/reconciler/config.yaml") == CONFIGURATION.strip()
    assert machine.service("MainPID") != before
    assert machine.service("ActiveState") == "active"
    machine.call("touch", "/srv/go")
    until(lambda: status(machine) == "succeeded", PATIENCE)
    assert len(machine.verb("runs")) == 1


def test_a_daemon_that_hangs_is_started_anew_and_follows_the_step_that_went_on(machine: BootedMachine) -> None:
    machine.write(f"{DROP_INS}/hurry.conf", HURRY)
    machine.push("loans", HELD_UP)
    machine.shell("systemctl daemon-reload; systemctl start reconciler")
    until_begun(machine)
    stopped = machine.service("MainPID")
    machine.shell(f"kill -STOP {stopped}")
    until(lambda: machine.service("NRestarts") != "0", PATIENCE)
    until(lambda: machine.service("ActiveState") == "active", PATIENCE)
    assert machine.service("MainPID") != stopped
    assert "Watchdog timeout" in machine.journal()
    machine.call("touch", "/srv/go")
    until(lambda: status(machine) == "succeeded", PATIENCE)
    assert (len(machine.verb("runs")), written(machine)) == (1, "done")


def test_reloading_takes_up_another_source_and_refuses_a_mistake(machine: BootedMachine) -> None:
    machine.push("loans", pipeline("loans", "echo 1 > ${{outputs.text}}"))
    machine.push("cars", pipeline("cars", "echo 2 > ${{outputs.text}}"))
    machine.call("systemctl", "start", "reconciler")
    process = machine.service("MainPID")
    machine.write("/etc/reconciler/config.yaml", CONFIGURATION + SOURCE.replace("NAME", "cars"))
    machine.call("systemctl", "reload", "reconciler")
    until(lambda: machine.service("StatusText").startswith("2 sources"), PATIENCE)
    machine.write("/etc/reconciler/config.yaml", "sources: nowhere\n")
    machine.call("systemctl", "reload", "reconciler")
    until(lambda: "config.yaml:1:" in machine.journal(), PATIENCE)
    assert machine.service("StatusText").startswith("2 sources")
    assert (machine.service("MainPID"), machine.service("ActiveState")) == (process, "active")


def test_stopping_it_waits_for_runs_as_long_as_it_may(machine: BootedMachine) -> None:
    machine.write("/etc/reconciler/config.yaml", CONFIGURATION + "drain: 90s\n")
    machine.push("loans", HELD_UP)
    machine.call("systemctl", "start", "reconciler")
    until_begun(machine)
    machine.call("systemctl", "stop", "--no-block", "reconciler")
    until(lambda: machine.service("ActiveState") == "deactivating", PATIENCE)
    machine.call("touch", "/srv/go")
    until(lambda: machine.service("ActiveState") == "inactive", PATIENCE)
    assert (machine.service("Result"), status(machine)) == ("success", "succeeded")


def test_a_step_outlives_a_stop_and_the_next_start_follows_it(machine: BootedMachine) -> None:
    machine.push("loans", HELD_UP)
    machine.call("systemctl", "start", "reconciler")
    until_begun(machine)
    machine.call("systemctl", "stop", "reconciler")
    assert status(machine) == "running"
    machine.call("touch", "/srv/go")
    machine.call("systemctl", "start", "reconciler")
    until(lambda: status(machine) == "succeeded", PATIENCE)
    assert (len(machine.verb("runs")), written(machine)) == (1, "done")


def test_a_second_daemon_is_refused_and_told_whose_the_state_is(machine: BootedMachine) -> None:
    machine.push("loans", pipeline("loans", "echo 1 > ${{outputs.text}}"))
    machine.call("systemctl", "start", "reconciler")
    second = "reconciler daemon --source /srv/loans.git --state /var/lib/reconciler --tracking none --once"
    said = machine.shell(f"runuser -u reconciler -- {second} 2>&1", is_checked=False)
    assert f"process {machine.service('MainPID')}" in said
    assert "reconciler daemon" in said
    assert machine.service("ActiveState") == "active"


def test_uninstalling_leaves_what_it_knew_for_the_next_time(machine: BootedMachine) -> None:
    machine.push("loans", pipeline("loans", "echo 1 > ${{outputs.text}}"))
    machine.call("systemctl", "start", "reconciler")
    until(lambda: status(machine) == "succeeded", PATIENCE)
    machine.call("/checkout/deploy/systemd/install.sh", "--uninstall")
    assert machine.service("LoadState") == "not-found"
    assert machine.shell("ls /etc/reconciler").split() == ["config.yaml", "environment"]
    machine.install()
    machine.call("systemctl", "start", "reconciler")
    assert [run["status"] for run in machine.verb("runs")] == ["succeeded"]
