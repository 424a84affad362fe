"""`release`: manifests that changed get a version, a changelog and a tag."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.cli.contract import problem_json
from reconciler.cli.output import Format, harmless, print_data, say
from reconciler.cli.release_text import commit_message, releasing_json, show_releasing
from reconciler.cli.show_problems import counted, show_problems
from reconciler.cli.work_tree import LoadedTree, loaded_tree
from reconciler.environments.interfaces import interfaces_of
from reconciler.manifests.editing import insert_version, set_scalar
from reconciler.manifests.loader import located
from reconciler.model.errors import SourceError, UsageError
from reconciler.model.problems import Code, Problem
from reconciler.model.strictness import judged
from reconciler.model.wanted_bump import WantedBump
from reconciler.planning.after_release import after_release
from reconciler.planning.firing import firings, problems_of
from reconciler.planning.graph import GraphBuilder
from reconciler.planning.release_candidates import manifests_to_compare, named_in, releases_to_compare
from reconciler.planning.releasing import ReleasePlan, Releasing, plan_releases
from reconciler.source.changelog import changelog, commits_touching
from reconciler.source.publishing import NewTag, Publication
from reconciler.source.pushing import default_remote, push_command, require_remote
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

DONE, REFUSED = 0, 1
Body = dict[str, Any]
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class ReleaseOptions:
    """How a release is made.

    Attributes:
        arguments: `KIND/NAME` or `NAME` of what is released; all that changed where there are none.
        remote: where it is pushed to; None for the one that the branch follows.
    """

    arguments: tuple[str, ...] = ()
    wanted: WantedBump = WantedBump.AUTO
    is_pushed: bool = False
    remote: str | None = None
    is_dry: bool = False
    data_roots: tuple[str, ...] = ()


def release(path: Path, folder: StateFolder, options: ReleaseOptions, form: Format) -> int:
    """Write versions, commit them, tag what changed, and push it; 1 where manifests have errors.

    Raises:
        UsageError: the work tree is not clean, an argument names nothing, or the wanted bump is too small.
        SourceError: git cannot commit, tag or push.
    """
    publication = Publication(path if path.is_dir() else path.parent)
    head = _whole_history(publication)
    remote = _remote(publication, options)
    unclean = _unclean(publication, options)
    state = State(folder)
    try:
        with loaded_tree(path, state, options.data_roots, also=releases_to_compare, is_committed=not unclean) as tree:
            made = _planned(tree, options)
            refused = _refused(tree, made.plans)
            told: Body = {"dry_run": options.is_dry, "commit": None, "pushed": None, "unclean": unclean or None}
            told |= releasing_json(made) | {"errors": [problem_json(each) for each in refused.problems]}
            if form is Format.TABLE:
                _show(tree, made, refused)
    finally:
        state.close()
    edits = {} if refused.problems else dict(_edits(publication, made.plans))
    if refused.problems or options.is_dry or not made.plans:
        _end(told, form, _ending(made, refused, unclean))
        return REFUSED if refused.problems else DONE
    commit = _carry_out(publication, head, made.plans, edits)
    told["commit"] = commit
    branch = publication.branch if commit != head else None
    tags = [plan.tag for plan in made.plans]
    if form is Format.TABLE:
        _say(f"tagged {_listed(tags)} at {commit[:12]}" + (f", a new commit on {branch}" if branch else ""))
    if remote is None:
        _end(told, form, _push_later(publication, branch, tags))
        return DONE
    try:
        lines = _push(publication, remote, branch, tags)
    except SourceError:
        _end(told, form, "")
        raise
    _end(told | {"pushed": remote}, form, lines)
    return DONE


def _whole_history(publication: Publication) -> str:
    """The commit that is checked out, in a repository that has all that came before it."""
    head, place = publication.head, str(publication.top)
    if head is None:
        hint = "commit the manifests first: a tag leads to a commit"
        raise UsageError("there is nothing to tag yet", place=place, hint=hint)
    if publication.git.run("rev-parse", "--is-shallow-repository").strip() == b"true":
        hint = "bring the rest with `git fetch --unshallow --tags`; in a workflow, check out with `fetch-depth: 0`"
        message = "this clone holds a part of the history only, so that earlier releases and changes may be missing"
        raise UsageError(message, place=place, hint=hint)
    return head


def _remote(publication: Publication, options: ReleaseOptions) -> str | None:
    """Where to push to, looked up before anything is done; None where nothing is pushed."""
    if not options.is_pushed:
        if options.remote is not None:
            raise UsageError("`--remote` says where to push to, but nothing is pushed", hint="add `--push`")
        return None
    if options.remote is None:
        return default_remote(publication.git, publication.branch)
    require_remote(publication.git, options.remote)
    return options.remote


def _unclean(publication: Publication, options: ReleaseOptions) -> str:
    """What a release would have to wait for, "" for nothing; only a dry run goes on with it."""
    try:
        publication.require_clean()
    except UsageError as error:
        if not options.is_dry:
            raise
        return f"{error.message}: {error.hint}" if error.hint else error.message
    return ""


def _planned(tree: LoadedTree, options: ReleaseOptions) -> Releasing:
    try:
        named = named_in(options.arguments, tree.desired)
    except UsageError as error:
        if any(each.is_error and each.file not in tree.desired.manifests for each in tree.problems):
            hint = f"{error.hint}; a file with errors does not count: see `reconciler validate`"
            raise UsageError(error.message, place=error.place, hint=hint) from error
        raise
    interfaces = interfaces_of(manifests_to_compare(tree.desired), tree.desired, tree.worktree.objects)
    return plan_releases(tree.desired, interfaces, named, options.wanted)


@dataclass(frozen=True, slots=True)
class _Refused:
    """Errors for which nothing may be released.

    Attributes:
        are_new: whether they would come by the release.
    """

    problems: tuple[Problem, ...] = ()
    are_new: bool = False


def _refused(tree: LoadedTree, plans: Sequence[ReleasePlan]) -> _Refused:
    """The errors that stay in spite of the release, else those that come by it."""
    after = after_release(tree.desired, plans)
    _, found = GraphBuilder().build(after)
    problems = judged((*after.problems, *found, *problems_of(firings(after))), after.settings)
    # What a store holds is no part of a version.
    errors = [each for each in problems if each.is_error and each.code is not Code.UNREACHABLE_DATA]
    errors = list(located(errors, tree.desired.snapshot, tree.worktree.objects))
    stay = tuple(each for each in errors if each in tree.problems)
    return _Refused(stay) if stay else _Refused(tuple(errors), bool(errors))


def _show(tree: LoadedTree, made: Releasing, refused: _Refused) -> None:
    if not refused.problems or refused.are_new:
        show_releasing(made)
    if not refused.problems:
        return
    show_problems(refused.problems, tree.content)
    count = counted(refused.problems)
    if refused.are_new:
        _say(
            f"refused: this release would leave {count}; write the version and what refers to it by hand, then release"
        )
    else:
        _say(f"refused: {count}; nothing is released before that is mended")


def _ending(made: Releasing, refused: _Refused, unclean: str) -> str:
    """The last lines where nothing was done."""
    lines = [f"a release has to wait: {unclean}"] if unclean else []
    if made.plans and not refused.problems:
        lines.append("dry run: nothing was written, committed or tagged")
    elif not made.plans and not made.unchanged and not refused.problems:
        lines.append("nothing to release")
    return "\n".join(lines)


def _carry_out(publication: Publication, head: str, plans: Sequence[ReleasePlan], edits: Mapping[str, bytes]) -> str:
    """Commit the versions that are written, and tag; the commit that the tags lead to."""
    messages = {plan.tag: _changelog(publication, plan) for plan in plans}
    commit = publication.commit_edits(edits, commit_message(plans)) if edits else head
    try:
        publication.create_tags([NewTag(plan.tag, commit, messages[plan.tag]) for plan in plans])
    except BaseException:
        publication.take_back(commit, head)
        raise
    return commit


def _changelog(publication: Publication, plan: ReleasePlan) -> str:
    return changelog(plan.title, plan.changes, commits_touching(publication.git, plan.paths, plan.since or None))


def _edits(publication: Publication, plans: Sequence[ReleasePlan]) -> Iterator[tuple[str, bytes]]:
    for plan in plans:
        for file in (plan.file, *plan.copies) if plan.is_written else ():
            try:
                content = (publication.top / file).read_bytes()
            except OSError as error:
                hint = "is it checked out? `git sparse-checkout list` shows which folders are"
                raise UsageError(f"the file cannot be read: {error.strerror}", place=file, hint=hint) from error
            if plan.has_version:
                yield file, set_scalar(content, ("version",), plan.new, file)
            else:
                yield file, insert_version(content, plan.new, file)


def _push(publication: Publication, remote: str, branch: str | None, tags: Sequence[str]) -> str:
    pushed = publication.push(remote, branch, tags)
    count = f"{len(tags)} tags" if len(tags) > 1 else "1 tag"
    whole = "" if pushed.is_atomic else ", one after the other, for the server cannot take all or nothing"
    line = f"pushed {f'{branch} and ' if branch else ''}{count} to {remote}{whole}"
    if branch is None and _is_ahead(publication, remote):
        return f"{line}\nthe commit itself is on no branch of {remote} yet: push that too, with `git push`"
    return line


def _push_later(publication: Publication, branch: str | None, tags: Sequence[str]) -> str:
    try:
        command = push_command(publication.top, default_remote(publication.git, publication.branch), branch, tags)
    except UsageError:
        return ""  # there is nowhere to push to, or no telling where
    return f"push it with `{command}`"


def _is_ahead(publication: Publication, remote: str) -> bool:
    """Whether HEAD is on none of the remote's branches, as far as they are known."""
    known = publication.git.run("for-each-ref", "--count=1", f"refs/remotes/{remote}/")
    return bool(known and publication.git.run("rev-list", "--max-count=1", "HEAD", "--not", f"--remotes={remote}"))


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"


def _end(told: Body, form: Format, line: str) -> None:
    if form is not Format.TABLE:
        print_data(told, form)
    elif line:
        for each in line.split("\n"):
            _say(each)


def _say(line: str) -> None:
    say(harmless(line))
