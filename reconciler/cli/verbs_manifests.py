"""`validate`: what is wrong with manifests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from reconciler.cli.contract import validation_json
from reconciler.cli.output import CheckFormat, Format, print_data, say
from reconciler.cli.outside_data import make_remote_data
from reconciler.cli.show_problems import annotate, counted, numbered, show_problems
from reconciler.cli.work_tree import LoadedTree, below, loaded_tree, version_problems
from reconciler.model.configuration import Configuration
from reconciler.model.problems import Code, Problem, Severity
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

DONE, REFUSED = 0, 1


def validate(
    path: Path, folder: StateFolder, form: CheckFormat, data_roots: tuple[str, ...], is_strict: bool = False
) -> int:
    """Check the manifests below a path; 1 where there are errors."""
    state = State(folder)
    try:
        remote_data = make_remote_data(state, Configuration())
        with loaded_tree(path, state, data_roots, is_strict=is_strict, remote_data=remote_data) as tree:
            found = (*tree.problems, *version_problems(tree, state))
            problems = [_softened(problem) for problem in found if below(tree, path, problem.file)]
            problems.sort(key=lambda problem: (problem.file, problem.line, problem.column))
            if form in (CheckFormat.JSON, CheckFormat.YAML):
                print_data(validation_json(tree.desired, problems), Format(form))
            else:
                _tell(problems, tree, form)
                manifests = numbered(len(tree.desired.manifests), "manifest")
                files = numbered(tree.desired.file_count, "YAML file")
                say(f"{manifests} in {files}: {counted(problems) if problems else 'valid'}")
            return REFUSED if any(problem.is_error for problem in problems) else DONE
    finally:
        state.close()


def _tell(problems: Sequence[Problem], tree: LoadedTree, form: CheckFormat) -> None:
    if form is CheckFormat.GITHUB:
        annotate(problems)
    else:
        show_problems(problems, tree.content)


def _softened(problem: Problem) -> Problem:
    """A store that cannot be asked now says nothing against a manifest: it is valid, though nothing can be planned."""
    return replace(problem, severity=Severity.WARNING) if problem.code is Code.UNREACHABLE_DATA else problem
