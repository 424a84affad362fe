"""The container of a step: what it may do, what it finds where, and how it is known again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import pytest

from reconciler.containers import labels
from reconciler.engines.base import Labels, Task
from reconciler.engines.container import (
    ContainerPlan,
    User,
    container_arguments,
    container_name,
    engine_path,
    networks_of,
    prepare_folder,
)
from reconciler.engines.limits import Limits
from reconciler.model.configuration import DockerSettings, StepSettings, TrackingWay

GIB = 1 << 30
API = docker.APIClient(base_url="http://127.0.0.1:1", version="1.41")
"""Nobody listens there: what a container is to be like is said without asking an engine."""
RECORD = Path("/srv/mlflow")
TRACKED = DockerSettings(tracking=TrackingWay(network="mlflow", uri="http://mlflow:5000"))


@pytest.fixture
def task(tmp_path: Path) -> Task:
    """A step with code, and with a file and a folder to read."""
    code, table = tmp_path / "code", tmp_path / "table"
    for folder in (code, table):
        folder.mkdir()
    rows = tmp_path / "rows.csv"
    rows.write_text("1,2")
    return Task(
        id="lending-1.train",
        command="python run.py",
        code_folder=code,
        folder=tmp_path / "work",
        environment="sha256:c0ffee",
        variables={"AZURE_ML_INPUT_rate": "0.5"},
        timeout_seconds=None,
        log=tmp_path / "train.log",
        inputs={"inputs/rows": rows, "inputs/table": table},
        labels=Labels("lending-1", "lending", "train", fingerprint="f00d"),
    )


def _plan(settings: DockerSettings | None = None, **limits: Any) -> ContainerPlan:
    given = Limits(**{"memory": 2 * GIB, "cpus": 1.5, "shared_memory": GIB, **limits})
    return ContainerPlan(settings or DockerSettings(), given, User(1000, 50), "0123456789abcdef", (RECORD,))


def _arguments(task: Task, plan: ContainerPlan | None = None) -> dict[str, Any]:
    return container_arguments(API, task, plan or _plan())


def _host(task: Task, plan: ContainerPlan | None = None) -> Mapping[str, Any]:
    config: Mapping[str, Any] = _arguments(task, plan)["host_config"]
    return config


def _mounts(task: Task, plan: ContainerPlan | None = None) -> dict[str, tuple[str, bool]]:
    """What is mounted by where it is seen: what it is outside, and whether it can be written to."""
    mounts = _host(task, plan)["Mounts"]
    assert {mount["Type"] for mount in mounts} == {"bind"}
    return {mount["Target"]: (mount["Source"], not mount["ReadOnly"]) for mount in mounts}


class TestSafety:
    def test_a_step_has_no_powers_and_can_gain_none(self, task: Task) -> None:
        host = _host(task)
        assert host["CapDrop"] == ["ALL"]
        assert "CapAdd" not in host
        assert host["SecurityOpt"] == ["no-new-privileges:true"]
        assert not host.get("Privileged")
        assert host["IpcMode"] == "private"
        assert "PidMode" not in host

    def test_a_step_is_not_root(self, task: Task) -> None:
        assert _arguments(task)["user"] == "1000:50"

    def test_the_image_cannot_be_written_to_but_there_is_a_place_for_temporary_files(self, task: Task) -> None:
        settings = DockerSettings(steps=StepSettings(temporary=GIB // 2))
        assert _host(task)["ReadonlyRootfs"] is True
        assert _host(task, _plan(settings))["Tmpfs"] == {"/tmp": f"rw,nosuid,nodev,mode=1777,size={GIB // 2}"}  # noqa: S108
        assert _arguments(task)["environment"]["TMPDIR"] == "/tmp"  # noqa: S108

    def test_a_step_gets_what_its_limits_say_and_nothing_by_swapping(self, task: Task) -> None:
        settings = DockerSettings(steps=StepSettings(processes=99))
        host = _host(task, _plan(settings))
        assert host["Memory"] == host["MemorySwap"] == 2 * GIB
        assert host["NanoCpus"] == 1_500_000_000
        assert host["ShmSize"] == GIB
        assert host["PidsLimit"] == 99

    def test_a_step_has_no_network(self, task: Task) -> None:
        assert _host(task)["NetworkMode"] == "none"

    def test_what_a_step_leaves_behind_is_reaped(self, task: Task) -> None:
        assert _host(task)["Init"] is True

    def test_the_health_check_of_an_image_is_not_run(self, task: Task) -> None:
        assert _arguments(task)["healthcheck"] == {"test": ["NONE"]}

    def test_a_step_sees_no_gpu_unless_it_was_given_some(self, task: Task) -> None:
        assert not _host(task).get("DeviceRequests")
        (request,) = _host(task, _plan(gpus=2))["DeviceRequests"]
        assert (request["Count"], request["Capabilities"]) == (2, [["gpu"]])


class TestFiles:
    def test_what_is_read_cannot_be_changed_and_what_is_written_lies_in_the_tasks_folder(self, task: Task) -> None:
        assert task.code_folder is not None
        assert _mounts(task) == {
            "/reconciler": (str(task.folder), True),
            "/reconciler/log": (str(task.log), True),
            "/reconciler/code": (str(task.code_folder), False),
            "/reconciler/inputs/rows": (str(task.inputs["inputs/rows"]), False),
            "/reconciler/inputs/table": (str(task.inputs["inputs/table"]), False),
        }

    def test_only_named_folders_of_the_code_are_the_tasks_to_write_to(self, task: Task) -> None:
        code = task.folder / "code"
        (code / "outputs").mkdir(parents=True)
        (code / "outputs" / "kept.txt").touch()
        (code / "run.py").touch()
        own = replace(task, code_folder=code, writable=(code / "outputs",))
        assert _mounts(own)["/reconciler/code"] == (str(code), False)
        assert _mounts(own)["/reconciler/code/outputs"] == (str(code / "outputs"), True)
        assert _arguments(own)["working_dir"] == "/reconciler/code"
        written = prepare_folder(own)
        assert {code / "outputs", code / "outputs" / "kept.txt"} <= set(written)
        assert code / "run.py" not in written

    def test_a_working_directory_without_code_is_the_tasks_to_write_to(self, task: Task) -> None:
        directory = task.folder / "code"
        directory.mkdir(parents=True)
        own = replace(task, code_folder=directory, writable=(directory,))
        assert "/reconciler/code" not in _mounts(own)
        assert directory in prepare_folder(own)

    def test_the_content_behind_a_link_is_mounted_not_the_link(self, task: Task, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(tmp_path / "rows.csv")
        linked = replace(task, inputs={"inputs/rows": tmp_path / "link"})
        assert _mounts(linked)["/reconciler/inputs/rows"] == (str(tmp_path / "rows.csv"), False)

    def test_an_engine_that_sees_our_folders_elsewhere_is_told_where(self, task: Task, tmp_path: Path) -> None:
        """As with a daemon in a container, whose steps are containers beside it."""
        paths = {str(tmp_path): "/srv/state", str(tmp_path / "table"): "/mnt/table", "/srv/mlflow": "/mnt/mlflow"}
        mounts = _mounts(replace(task, is_tracked=True), _plan(DockerSettings(paths=paths)))
        assert {target: source for target, (source, _) in mounts.items()} == {
            "/reconciler": "/srv/state/work",
            "/reconciler/log": "/srv/state/train.log",
            "/reconciler/code": "/srv/state/code",
            "/reconciler/inputs/rows": "/srv/state/rows.csv",
            "/reconciler/inputs/table": "/mnt/table",
            "/srv/mlflow": "/mnt/mlflow",
        }

    @pytest.mark.parametrize(
        ("path", "seen"),
        [
            ("/var/lib/reconciler", "/srv/state"),
            ("/var/lib/reconciler/outputs/ab", "/srv/state/outputs/ab"),
            ("/var/lib/reconciler-2/outputs", "/var/lib/reconciler-2/outputs"),
            ("/data/a", "/data/a"),
        ],
    )
    def test_only_what_lies_below_such_a_folder_is_elsewhere(self, path: str, seen: str) -> None:
        assert engine_path(path, {"/var/lib/reconciler/": "/srv/state/"}) == seen

    def test_a_step_begins_in_its_code_and_in_its_own_folder_where_there_is_none(self, task: Task) -> None:
        assert _arguments(task)["working_dir"] == "/reconciler/code"
        without = replace(task, code_folder=None)
        assert _arguments(without)["working_dir"] == "/reconciler"
        assert "/reconciler/code" not in _mounts(without)

    def test_every_place_that_is_mounted_is_there_before_the_engine_makes_it_as_root(self, task: Task) -> None:
        task.folder.mkdir()
        (task.folder / "exit").write_text("7")
        written = prepare_folder(task)
        assert {str(path.relative_to(task.folder)) for path in written if path != task.log} == {".", "home", "outputs"}
        assert task.log in written
        assert task.log.is_file()
        assert (task.folder / "log").is_file()
        assert (task.folder / "code").is_dir()
        assert (task.folder / "inputs" / "rows").is_file()
        assert (task.folder / "inputs" / "table").is_dir()
        assert not (task.folder / "exit").exists()

    def test_folders_that_outputs_are_written_to_belong_to_the_step_too(self, task: Task) -> None:
        model = task.folder / "outputs" / "model"
        model.mkdir(parents=True)
        assert model in prepare_folder(task)


class TestCommand:
    def test_the_image_is_that_of_the_environment_and_its_own_entrypoint_has_no_say(self, task: Task) -> None:
        arguments = _arguments(task)
        assert arguments["image"] == "sha256:c0ffee"
        assert arguments["entrypoint"][:2] == ["sh", "-c"]
        assert arguments["command"] == ["python run.py"]

    def test_the_step_finds_its_variables_above_those_of_the_operator_and_these_above_ours(self, task: Task) -> None:
        steps = StepSettings(variables={"PYTHONHASHSEED": "1", "AZURE_ML_INPUT_rate": "9", "PROXY": "http://proxy"})
        found = _arguments(task, _plan(DockerSettings(steps=steps)))["environment"]
        assert found["AZURE_ML_INPUT_rate"] == "0.5"
        assert found["PYTHONHASHSEED"] == "1"
        assert found["PROXY"] == "http://proxy"
        assert found["LANG"] == "C.UTF-8"
        assert found["HOME"] == "/reconciler/home"


class TestTracking:
    def test_a_tracked_step_reaches_the_server_as_the_operator_says_and_no_other_network(self, task: Task) -> None:
        tracked = replace(task, is_tracked=True, variables={"MLFLOW_TRACKING_URI": "http://localhost:5000"})
        arguments = _arguments(tracked, _plan(TRACKED))
        assert arguments["host_config"]["NetworkMode"] == "mlflow"
        assert arguments["environment"]["MLFLOW_TRACKING_URI"] == "http://mlflow:5000"

    def test_the_servers_address_is_the_daemons_own_where_the_operator_says_no_other(self, task: Task) -> None:
        tracked = replace(task, is_tracked=True, variables={"MLFLOW_TRACKING_URI": "http://localhost:5000"})
        assert _arguments(tracked)["environment"]["MLFLOW_TRACKING_URI"] == "http://localhost:5000"

    def test_a_step_that_is_not_tracked_hears_nothing_of_the_server(self, task: Task) -> None:
        arguments = _arguments(task, _plan(TRACKED))
        assert arguments["host_config"]["NetworkMode"] == "none"
        assert "MLFLOW_TRACKING_URI" not in arguments["environment"]

    def test_only_a_tracked_step_reaches_the_record_where_that_is_a_folder(self, task: Task) -> None:
        assert str(RECORD) not in _mounts(task)
        assert _mounts(replace(task, is_tracked=True))[str(RECORD)] == (str(RECORD), True)


class TestNetworks:
    @pytest.mark.parametrize(
        ("asked", "is_tracked", "joined"),
        [
            ("", False, []),
            ("", True, ["mlflow"]),
            ("lake", False, ["lake"]),
            ("lake", True, ["lake", "mlflow"]),
            ("mlflow", True, ["mlflow"]),
        ],
    )
    def test_they_are_the_one_asked_for_and_that_of_the_server_each_once(
        self, task: Task, asked: str, is_tracked: bool, joined: list[str]
    ) -> None:
        assert networks_of(replace(task, is_tracked=is_tracked), _plan(TRACKED, network=asked)) == joined

    def test_a_container_is_made_on_the_first(self, task: Task) -> None:
        assert _host(replace(task, is_tracked=True), _plan(TRACKED, network="lake"))["NetworkMode"] == "lake"


class TestNames:
    def test_a_container_says_whose_it_is_and_what_it_executes(self, task: Task) -> None:
        assert _arguments(task)["labels"] == {
            labels.STATE: "0123456789abcdef",
            labels.RUN: "lending-1",
            labels.PIPELINE: "lending",
            labels.STEP: "train",
            labels.FINGERPRINT: "f00d",
        }
        trial = replace(task, labels=replace(task.labels, trial="0"))
        assert _arguments(trial)["labels"][labels.TRIAL] == "0"

    def test_a_container_is_named_after_its_state_and_its_step(self, task: Task) -> None:
        assert _arguments(task)["name"] == container_name(task, "0123456789") == "reconciler-01234567-lending-1.train"

    def test_each_trial_of_a_sweep_has_a_name_of_its_own(self, task: Task) -> None:
        names = [container_name(replace(task, id=f"lending-1.train[{number}]"), "01234567") for number in range(3)]
        assert len(set(names)) == 3
        assert all(re.fullmatch(r"reconciler-01234567-lending-1\.train-\d-[0-9a-f]{12}", name) for name in names)

    def test_names_that_the_engine_does_not_take_are_told_apart_all_the_same(self, task: Task) -> None:
        names = [container_name(replace(task, id=f"{name}-1.train"), "01234567") for name in ("größe", "gräße")]
        assert len(set(names)) == 2
        assert all(re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+", name) for name in names)

    def test_two_states_on_one_engine_do_not_meet(self, task: Task) -> None:
        assert container_name(task, "aaaaaaaa") != container_name(task, "bbbbbbbb")
