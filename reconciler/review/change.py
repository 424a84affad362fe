"""What a change would do: the plan of its head, with what differs from the base and how long it may take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.environments.interfaces import interfaces_of
from reconciler.manifests.loader import located
from reconciler.model.kinds import kind_of
from reconciler.model.manifests import Kind
from reconciler.model.plan import Actual, Plan
from reconciler.model.steps import Graph
from reconciler.planning.assumed import assumed_actual, names_in, versions_known
from reconciler.planning.diff import plan
from reconciler.planning.expected_time import Earlier, PipelineTime, expected_time
from reconciler.planning.manifest_changes import ManifestChange, manifest_changes
from reconciler.planning.versions import VersionJudge
from reconciler.review.loading import BothSides
from reconciler.source.objects import Objects

ReadActual = Callable[[Iterable[Graph]], Actual]
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that could not be known.

    Attributes:
        what: our own words.
        named: what it is about, in the words of others.
    """

    what: str
    named: tuple[str, ...] = ()


_GIT_ALONE = (
    Unknown("what ran: planned from Git alone, all that the base asks for is taken to have succeeded"),
    Unknown("how long steps take"),
)


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """All that is to be told to a reviewer.

    Attributes:
        plan: of the head; its pipelines are those that the change touches, its base is the base of the change.
        untouched: the names of the other pipelines.
        times: of the touched pipelines, by name.
    """

    plan: Plan
    untouched: tuple[str, ...]
    manifests: tuple[ManifestChange, ...]
    times: Mapping[str, PipelineTime]
    unknown: tuple[Unknown, ...] = ()


def change_plan(
    sides: BothSides, objects: Objects, read_actual: ReadActual | None, earlier: Callable[[str], Earlier]
) -> ChangePlan:
    """What a change would do.

    Args:
        read_actual: gives the actual state as far as pipelines are concerned; None where only Git can be asked.
        earlier: executions of a pipeline's steps by name.
    """
    base, head = sides.base, sides.head
    before = {graph.pipeline: graph for graph in base.graphs}
    touched = [graph for graph in head.graphs if not _is_as_before(graph, before.get(graph.pipeline))]
    kept = {graph.pipeline for graph in head.graphs} - {graph.pipeline for graph in touched}
    judge = VersionJudge()
    actual = _actual(sides, objects, judge, touched, read_actual)
    desired = replace(head.desired, problems=())
    interfaces = interfaces_of(judge.to_compare(desired, actual), desired, objects)
    made = plan(desired, touched, head.problems, actual, judge, interfaces, head.firings)
    made = replace(
        made,
        base=base.desired.snapshot.revision,
        problems=located(made.problems, head.desired.snapshot, sides.blobs),
    )
    times = {each.name: expected_time(each, earlier(each.name)) for each in made.pipelines}
    return ChangePlan(
        made,
        tuple(sorted((*kept, *sides.apart))),
        manifest_changes(base.desired, head.desired),
        times,
        tuple(_unknown(sides, read_actual is None)),
    )


def _is_as_before(graph: Graph, before: Graph | None) -> bool:
    """Whether a run of the pipeline would be a run of what it was, or does not come about as it did not."""
    if before is None:
        return False
    held = (graph.hindrances, graph.is_suspended)
    return graph.closure == before.closure and held == (before.hindrances, before.is_suspended)


def _actual(
    sides: BothSides, objects: Objects, judge: VersionJudge, touched: list[Graph], read_actual: ReadActual | None
) -> Actual:
    """The state that the head is compared with; versions and names are at least those of the base."""
    base = sides.base.desired
    names = names_in(base)
    assumed = _assumed(sides, objects, judge, names)
    if read_actual is None:
        return assumed
    actual = read_actual(touched)
    return replace(actual, versions={**assumed.versions, **actual.versions}, applied=names)


def _assumed(sides: BothSides, objects: Objects, judge: VersionJudge, names: frozenset[tuple[Kind, str]]) -> Actual:
    """The state once the base is applied; the judge is left knowing that the base's versions are settled."""
    base = sides.base.desired
    changed = _names_that_differ(sides)
    compared = [each for each in base.with_released() if (kind_of(each), each.name) in changed]
    interfaces = interfaces_of(compared, base, objects)
    settled = VersionJudge().fresh(base, Actual(), interfaces)
    assumed = assumed_actual(base.snapshot.revision, sides.base.graphs, settled, names)
    judge.judge(base, replace(assumed, versions=versions_known(settled)))
    return assumed


def _names_that_differ(sides: BothSides) -> set[tuple[Kind, str]]:
    return {(each.kind, each.name) for each in manifest_changes(sides.base.desired, sides.head.desired)}


def _unknown(sides: BothSides, is_git_alone: bool) -> Iterable[Unknown]:
    if is_git_alone:
        yield from _GIT_ALONE
    assumed = tuple(dict.fromkeys((*sides.base.assumed, *sides.head.assumed)))
    if assumed:
        more = f" ({len(assumed)} places)" if len(assumed) > _SHOWN else ""
        yield Unknown(f"what lies outside of Git, which is taken to be what it was{more}", assumed[:_SHOWN])
    if sides.unread:
        yield Unknown(f"whether anything is wrong in {sides.unread} YAML files that this change cannot reach")
