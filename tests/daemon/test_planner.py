"""Plans of one revision after the other."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.daemon.planner import Planned, Planner
from reconciler.execution.site import Site
from reconciler.model.errors import SourceError
from reconciler.model.plan import PipelineAction
from reconciler.source.mirror import Mirror

from .origin import Origin, environment_manifest, pipeline

TOOLS = environment_manifest("tools")


class Planning:
    """Revisions of an origin, as one planner sees them in turn."""

    def __init__(self, site: Site, origin: Origin, folder: Path) -> None:
        self.planner = Planner(site.state)
        self._state = site.state
        self.mirror = Mirror(str(origin.url), "main", folder)

    def newest(self) -> Planned:
        return self._plan(self.planner)

    def newest_as_if_it_were_the_first(self) -> Planned:
        return self._plan(Planner(self._state))

    def _plan(self, planner: Planner) -> Planned:
        commit = self.mirror.fetch()
        assert commit is not None
        return planner.plan(self.mirror.snapshot(commit), self.mirror, "main")


@pytest.fixture
def planning(site: Site, origin: Origin, tmp_path: Path) -> Iterator[Planning]:
    planning = Planning(site, origin, tmp_path / "mirror.git")
    yield planning
    planning.mirror.close()


def test_a_pipeline_that_never_ran_is_to_be_run(planning: Planning, origin: Origin) -> None:
    commit = origin.push({"greet.yaml": pipeline("true")})
    plan = planning.newest().plan
    assert (plan.revision, plan.base) == (f"main@sha1:{commit}", "")
    assert [(item.name, item.action) for item in plan.pipelines] == [("greet", PipelineAction.RUN)]
    assert plan.has_work


def test_problems_are_told_with_their_place(planning: Planning, origin: Origin) -> None:
    origin.push({"greet.yaml": pipeline("true").replace("command:", "comand:")})
    plan = planning.newest().plan
    assert plan.has_errors
    assert {(problem.file, problem.line) for problem in plan.problems} == {("greet.yaml", 4), ("greet.yaml", 6)}


def test_planning_alone_keeps_no_version(planning: Planning, origin: Origin) -> None:
    origin.push({"tools.yaml": TOOLS})
    planning.newest()
    origin.push({"tools.yaml": TOOLS.replace("image: python", "image: ubuntu")})
    assert planning.newest().plan.problems == ()


def test_a_version_that_was_kept_means_the_same_for_ever(planning: Planning, origin: Origin) -> None:
    origin.push({"tools.yaml": TOOLS})
    planning.planner.keep_versions(planning.newest(), planning.mirror, "main")
    origin.push({"tools.yaml": TOOLS.replace("image: python", "image: ubuntu")})
    assert [problem.code for problem in planning.newest().plan.problems] == ["version-mutated"]
    assert [problem.code for problem in planning.newest_as_if_it_were_the_first().plan.problems] == ["version-mutated"]


def test_data_outside_the_repository_is_known_where_it_is_allowed(
    site: Site, planning: Planning, origin: Origin, tmp_path: Path
) -> None:
    loans = tmp_path / "loans.csv"
    loans.write_text("amount\n1\n")
    origin.push({"loans.yaml": f"name: loans\nversion: 1.0.0\ntype: uri_file\npath: {loans}\n"})
    desired = planning.newest().desired
    assert desired.local_data == {}
    allowed = Planner(site.state, [str(tmp_path)]).load(desired.snapshot, planning.mirror)
    assert list(allowed.local_data) == [str(loans)]


def test_the_collector_of_garbage_works_again_after_planning(planning: Planning, origin: Origin) -> None:
    origin.push({"greet.yaml": pipeline("true")})
    snapshot = planning.newest().desired.snapshot
    assert gc.isenabled()
    origin.push({"greet.yaml": pipeline("echo other")})
    commit = planning.mirror.fetch()
    assert commit is not None
    planned = planning.mirror.snapshot(commit)
    nowhere = Mirror(str(origin.url), "main", Path("/nonexistent"))
    with pytest.raises(SourceError):
        planning.planner.plan(planned, nowhere, "main")
    assert snapshot.commit != planned.commit
    assert gc.isenabled()


_FILES = {
    "greet.yaml": [pipeline("true"), pipeline("true", "date"), pipeline("true").replace("jobs", "job")],
    "part.yaml": [pipeline("true", name="part").replace("{image: python}", "azureml:tools@^1"), "type: [", ""],
    "tools.yaml": [TOOLS, TOOLS.replace("1.0.0", "1.1.0"), TOOLS.replace("image: python", "image: ubuntu")],
    "README.md": ["words", "more words"],
}
_CHANGES = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from([*contents, None]) for name, contents in _FILES.items()}
)


@contextmanager
def _fresh(site: Site) -> Iterator[tuple[Origin, Planning]]:
    with tempfile.TemporaryDirectory() as folder:
        origin = Origin(Path(folder) / "git")
        planning = Planning(site, origin, Path(folder) / "mirror.git")
        try:
            yield origin, planning
        finally:
            planning.mirror.close()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(revisions=st.lists(_CHANGES, min_size=2, max_size=4))
def test_a_plan_does_not_depend_on_the_revisions_that_were_planned_before(
    site: Site, revisions: list[dict[str, str | None]]
) -> None:
    with _fresh(site) as (origin, planning):
        for changes in revisions:
            present = {name for name in changes if (origin.work_tree / name).exists()}
            origin.push({name: text for name, text in changes.items() if text is not None or name in present})
            known, fresh = planning.newest(), planning.newest_as_if_it_were_the_first()
            assert known.plan == fresh.plan
            assert known.graphs == fresh.graphs
