"""The place where runs happen, as the command line and the state ask for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from reconciler.cli.site_factory import SiteOptions, make_site, site_as_left
from reconciler.cli.sites import Sites
from reconciler.daemon.source_settings import SourceSettings
from reconciler.model.configuration import Configuration, DockerSettings
from reconciler.model.errors import UsageError
from reconciler.model.runs import Run, RunStatus, StepRun, StepStatus
from reconciler.state.folder import StateFolder
from reconciler.state.store import State
from tests.containers.answering import answering


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(StateFolder(tmp_path / "state"))
    yield state
    state.close()


@pytest.fixture
def nowhere(tmp_path: Path) -> SiteOptions:
    """An engine that is left to be chosen, on a machine where none answers."""
    docker = DockerSettings(host=f"unix://{tmp_path}/gone.sock", patience_seconds=0.2)
    return SiteOptions("auto", "none", 1, Configuration(docker=docker))


def test_a_new_state_goes_on_processes_where_no_engine_answers(state: State, nowhere: SiteOptions) -> None:
    site = make_site(state, nowhere)
    site.close()
    assert (site.engine.name, state.settings.engine) == ("process", "process")
    assert site.base_images is None


def test_a_state_whose_steps_ran_on_docker_does_not_go_on_elsewhere_by_itself(
    state: State, nowhere: SiteOptions
) -> None:
    state.settings.engine = "docker"
    with pytest.raises(UsageError, match="steps of this state ran on Docker, but no Docker engine answers") as refused:
        make_site(state, nowhere)
    assert "--engine" in (refused.value.hint or "")
    assert state.settings.engine == "docker"


def test_a_person_may_have_it_go_on_elsewhere(state: State, nowhere: SiteOptions) -> None:
    state.settings.engine = "docker"
    make_site(state, replace(nowhere, engine="process")).close()
    assert state.settings.engine == "process"


def test_an_engine_that_is_about_to_start_is_waited_for(state: State, nowhere: SiteOptions, tmp_path: Path) -> None:
    """What answers here can be pinged and nothing else, which the site finds out when it asks more of it."""
    state.settings.engine = "docker"
    with answering(tmp_path / "gone.sock"), pytest.raises(Exception, match="Docker engine"):
        make_site(state, nowhere)
    assert state.settings.engine == "docker"


@pytest.fixture
def executing(state: State) -> Iterator[psutil.Process]:
    """A process that an earlier daemon has started and that a run still waits for."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"], start_new_session=True)
    started = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[19]
    run = state.runs.start(Run("", "loans", "main", "main@sha1:1", "c", RunStatus.RUNNING, "push", 1.0))
    step = StepRun(run.id, "train", status=StepStatus.RUNNING, handle=f"{child.pid}:{started}")
    state.runs.save_steps([(step, 0)])
    yield psutil.Process(child.pid)
    child.kill()
    child.wait()


def test_what_still_executes_is_followed_on_its_own_engine_where_the_choice_is_left_open(
    state: State, nowhere: SiteOptions, executing: psutil.Process, tmp_path: Path
) -> None:
    with answering(tmp_path / "gone.sock"):
        site = make_site(state, nowhere, "main")
    site.close()
    assert site.engine.name == "process"
    assert executing.status() != psutil.STATUS_ZOMBIE


def test_what_executes_on_an_engine_that_is_given_up_is_ended_and_does_not_go_on_by_itself(
    state: State, nowhere: SiteOptions, executing: psutil.Process, tmp_path: Path
) -> None:
    with answering(tmp_path / "gone.sock"), pytest.raises(Exception, match="Docker engine"):
        make_site(state, replace(nowhere, engine="docker"), "main")
    assert executing.status() == psutil.STATUS_ZOMBIE


def test_tidying_up_neither_takes_over_nor_ends_anything(
    state: State, nowhere: SiteOptions, executing: psutil.Process
) -> None:
    site = site_as_left(state, nowhere)
    site.close()
    assert (site.engine.name, state.settings.engine) == ("process", "process")
    assert executing.status() != psutil.STATUS_ZOMBIE


def _source(name: str, engine: str = "") -> SourceSettings:
    return SourceSettings(name, "https://git.example.org/a.git", "main", engine=engine)


def test_sources_on_the_same_engine_share_one_place(state: State, nowhere: SiteOptions) -> None:
    sites = Sites(state, nowhere)
    one, other = sites.of(_source("one")), sites.of(_source("other", "process"))
    sites.close()
    assert one is other
    assert {state.settings.engine_of(name) for name in ("one", "other")} == {"process"}


def test_a_source_is_not_moved_to_another_engine_while_we_run(
    state: State, nowhere: SiteOptions, caplog: pytest.LogCaptureFixture
) -> None:
    sites = Sites(state, nowhere)
    before = sites.of(_source("one"))
    assert sites.of(_source("one", "docker")) is before
    sites.close()
    assert "one goes to engine docker after a restart" in caplog.text


def test_an_engine_that_only_one_source_asks_for_has_to_answer(state: State, nowhere: SiteOptions) -> None:
    sites = Sites(state, nowhere)
    sites.of(_source("one"))
    with pytest.raises(UsageError, match="no Docker engine answers"):
        sites.of(_source("other", "docker"))
    sites.close()
    assert state.settings.engine_of("other") == "process"
