"""Why a revision is refused: what is said of the source, and of the resources whose versions it changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.model.data_paths import RemoteTrouble
from reconciler.model.desired import Desired
from reconciler.model.errors import SourceError
from reconciler.model.kinds import kind_of
from reconciler.model.manifests import Kind
from reconciler.model.problems import Code, Problem
from reconciler.model.status import Condition, stalled
from reconciler.planning.content_digests import paths_of_content
from reconciler.source.mirror import Mirror


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a revision is not applied.

    Attributes:
        conditions: what is said of the source.
        message: the first error, and how many more there are.
        problems: all of them; of a version that was changed, with the commit that did it.
        mutated: what is said of each resource whose version was changed.
        is_passing: whether nothing is wrong but that stores do not give what is at a URL at the moment.
    """

    conditions: tuple[Condition, ...]
    message: str
    problems: tuple[Problem, ...]
    mutated: Mapping[tuple[Kind, str], str] = field(default_factory=dict)
    is_passing: bool = False


def refusal(desired: Desired, problems: Sequence[Problem], mirror: Mirror) -> Refusal:
    """The refusal of a revision, of whose problems at least one is an error."""
    told = tuple(_with_commit(problem, desired, mirror) if _is_mutation(problem) else problem for problem in problems)
    errors = [problem for problem in told if problem.is_error]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    mutated = {}
    for problem in filter(_is_mutation, told):
        manifest = desired.manifest_at(problem.file)
        if manifest is not None:
            mutated[kind_of(manifest), manifest.name] = problem.message
    message = f"{errors[0]}{more}"
    is_mutation = _is_mutation(errors[0])
    conditions = stalled("VersionMutated", message) if is_mutation else stalled("InvalidManifests", message)
    is_passing = desired.has_passing_trouble and all(_is_passing(problem, desired) for problem in errors)
    return Refusal(conditions, message, told, mutated, is_passing)


def _is_passing(problem: Problem, desired: Desired) -> bool:
    troubles = (data for data in desired.remote_data.values() if isinstance(data, RemoteTrouble))
    return any(each.is_passing and (each.code, each.message) == (problem.code, problem.message) for each in troubles)


def _is_mutation(problem: Problem) -> bool:
    return problem.is_error and problem.code is Code.VERSION_MUTATED


def _with_commit(problem: Problem, desired: Desired, mirror: Mirror) -> Problem:
    """The problem with the commit that changed what the version stands for; of a tag it is told already."""
    manifest, commit = desired.manifests.get(problem.file), desired.snapshot.commit
    if manifest is None or commit is None:
        return problem
    try:
        did_it = mirror.last_change(commit, (manifest.file, *filter(None, paths_of_content(manifest))))
    except SourceError:
        return problem
    if did_it is None:
        return problem
    return replace(problem, message=f"{problem.message}, by {did_it.id[:12]} of {did_it.author}: {did_it.subject}")
