"""The service: its unit, and the script that installs it, below a folder of the test's own."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.configuration.read import read_configuration

from .programs import program
from .wheel import tiny_wheel

DEPLOY = Path(__file__).resolve().parents[2] / "deploy" / "systemd"
SCRIPT = DEPLOY / "install.sh"


class Machine:
    """A machine that is a folder."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.wheels = folder / "wheels"
        self.path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # where uv is

    def call(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [str(SCRIPT), "--root", str(self.root), *map(str, arguments)]
        return subprocess.run(command, env={"PATH": self.path}, capture_output=True, text=True, check=False)

    def install(self, version: str, *options: str, source: str = "") -> str:
        done = self.call(*options, tiny_wheel(self.wheels, version, source))
        assert done.returncode == 0, done.stderr
        return done.stdout

    def says(self) -> str:
        """What the installed program says of itself."""
        script = self.root / "opt/reconciler/bin/reconciler"
        return subprocess.run([script], capture_output=True, text=True, check=True).stdout.strip()

    def files(self) -> dict[str, bytes]:
        """All but the program, by path."""
        found = (path for path in self.root.rglob("*") if path.is_file() and "opt" not in path.parts)
        return {str(path.relative_to(self.root)): path.read_bytes() for path in found}

    def releases(self) -> list[str]:
        return sorted(path.name for path in (self.root / "opt/reconciler/releases").iterdir())


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def verified(unit: Path, *, at: Path) -> str:
    """What systemd has against a unit whose program is there."""
    there = at / "reconciler.service"
    there.write_text(unit.read_text().replace("/opt/reconciler/bin/reconciler", "/bin/true"))
    command = [program("systemd-analyze", "systemd"), "verify", "--man=no", str(there)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr + ("" if done.returncode == 0 else f"status {done.returncode}")


def test_systemd_has_nothing_against_the_unit(tmp_path: Path) -> None:
    assert verified(DEPLOY / "reconciler.service", at=tmp_path) == ""


def test_nor_against_it_with_steps_in_containers(tmp_path: Path) -> None:
    drop_in = tmp_path / "reconciler.service.d"
    drop_in.mkdir()
    (drop_in / "docker.conf").write_text((DEPLOY / "docker.conf").read_text())
    assert verified(DEPLOY / "reconciler.service", at=tmp_path) == ""


def test_systemd_would_have_something_against_a_wrong_one(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.service"
    wrong.write_text((DEPLOY / "reconciler.service").read_text().replace("NoNewPrivileges=", "NoNewPowers="))
    assert "NoNewPowers" in verified(wrong, at=tmp_path)


def test_the_sandbox_leaves_little_open(tmp_path: Path) -> None:
    """`systemd-analyze security` counts from 0 to 10; what is left is what steps need, the network above all."""
    there = tmp_path / "reconciler.service"
    there.write_text((DEPLOY / "reconciler.service").read_text())
    command = [program("systemd-analyze", "systemd"), "security", "--offline=true", "--threshold=25", str(there)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_shellcheck_has_nothing_against_the_script() -> None:
    done = subprocess.run(
        [program("shellcheck", "shellcheck"), str(SCRIPT)], capture_output=True, text=True, check=False
    )
    assert done.stdout == ""


def test_it_installs_the_program_its_settings_and_its_unit(machine: Machine) -> None:
    machine.install("1.0.0")
    assert machine.says() == "reconciler 1.0.0"
    assert sorted(machine.files()) == [
        *("etc/reconciler/config.yaml", "etc/reconciler/environment", "etc/systemd/system/reconciler.service")
    ]
    settings = machine.root / "etc/reconciler"
    assert stat.S_IMODE((settings / "environment").stat().st_mode) == 0o640
    assert stat.S_IMODE(settings.stat().st_mode) == 0o750
    assert (machine.root / "usr/local/bin/reconciler").readlink() == Path("/opt/reconciler/bin/reconciler")


def test_it_does_so_without_uv_as_well(machine: Machine) -> None:
    own = machine.wheels / "bin"
    own.mkdir(parents=True)
    for name in (
        "sh",
        "python3",
        "sed",
        "dirname",
        "basename",
        "date",
        "mkdir",
        "readlink",
        "ln",
        "mv",
        "rm",
        "cmp",
        "install",
        "chmod",
    ):
        found = Path(sys.base_prefix) / "bin/python3" if name == "python3" else shutil.which(name)
        assert found
        (own / name).symlink_to(found)
    machine.path = str(own)
    machine.install("1.0.0")
    assert machine.says() == "reconciler 1.0.0"


def test_its_configuration_is_a_right_one_that_waits_for_sources(machine: Machine) -> None:
    machine.install("1.0.0")
    assert read_configuration(machine.root / "etc/reconciler/config.yaml", {}).sources == ()


def test_doing_it_again_changes_nothing_that_somebody_wrote(machine: Machine) -> None:
    machine.install("1.0.0")
    (machine.root / "etc/reconciler/config.yaml").write_text("drain: 5m\n")
    (machine.root / "etc/reconciler/environment").write_text("LOANS_TOKEN=x\n")
    before = machine.files()
    said = machine.install("1.0.0")
    assert machine.files() == before
    assert "wrote" not in said


def test_an_upgrade_leaves_the_program_before_for_the_daemon_that_runs_from_it(machine: Machine) -> None:
    machine.install("1.0.0")
    first = machine.releases()
    machine.install("1.1.0")
    assert machine.says() == "reconciler 1.1.0"
    assert set(first) < set(machine.releases())
    machine.install("1.2.0")
    assert machine.says() == "reconciler 1.2.0"
    assert len(machine.releases()) == 2
    assert not set(first) & set(machine.releases())


def test_a_program_that_does_not_start_is_not_put_in_place(machine: Machine) -> None:
    machine.install("1.0.0")
    done = machine.call(tiny_wheel(machine.wheels, "2.0.0", source="raise SystemExit(3)"))
    assert done.returncode == 1
    assert "error: the program that was installed does not start" in done.stderr
    assert machine.says() == "reconciler 1.0.0"
    assert len(machine.releases()) == 1


def test_for_steps_in_containers_it_adds_a_drop_in(machine: Machine) -> None:
    machine.install("1.0.0", "--docker")
    drop_in = machine.root / "etc/systemd/system/reconciler.service.d/docker.conf"
    assert "SupplementaryGroups=docker" in drop_in.read_text()


def test_uninstalling_leaves_settings_and_state(machine: Machine) -> None:
    machine.install("1.0.0", "--docker")
    state = machine.root / "var/lib/reconciler/state.db"
    state.parent.mkdir(parents=True)
    state.touch()
    for _ in range(2):
        done = machine.call("--uninstall")
        assert done.returncode == 0, done.stderr
        assert sorted(machine.files()) == [
            *("etc/reconciler/config.yaml", "etc/reconciler/environment", "var/lib/reconciler/state.db")
        ]
        assert not (machine.root / "opt/reconciler").exists()
        assert not (machine.root / "usr/local/bin/reconciler").is_symlink()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "install.sh [--root DIR]"),
        (("--wrong",), 2, "error: there is no option --wrong"),
        (("nowhere.whl",), 1, "error: there is no nowhere.whl"),
        (("--python", "/bin/false", "."), 1, "error: /bin/false is not Python 3.11 or newer"),
        (("--uninstall", "x"), 2, "install.sh [--root DIR]"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_touched(
    machine: Machine, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = machine.call(*arguments)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert not machine.root.exists()
