"""What the runs of a pull request's preview came to, read off the state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.daemon.pull_requests.figures import RunFigures, figures_of
from reconciler.model.pipelines import Promotion
from reconciler.model.previews import Preview, of_preview
from reconciler.model.runs import Run
from reconciler.state.revisions import Revisions
from reconciler.state.store import State


@dataclass(frozen=True, slots=True)
class PreviewRuns:
    """The newest run of each pipeline of a preview, by the name of the pipeline itself."""

    preview: Preview | None
    runs: Mapping[str, Run]

    @property
    def marks(self) -> list[str]:
        """What tells whether anything of it is another than before."""
        return [self.preview.commit if self.preview else "", *(f"{run.id} {run.status}" for run in self.runs.values())]

    def figures(self, state: State, gates: Mapping[str, Promotion | None]) -> list[RunFigures]:
        """Each run beside the one that counts, by the gate of its pipeline."""
        return [
            figures_of(state, name, run, state.runs.current(name), gates.get(name)) for name, run in self.runs.items()
        ]


def preview_runs(state: State, source: str, number: int) -> PreviewRuns:
    """What runs or ran of the commit that a preview is of."""
    preview = state.previews.get(source, number)
    if preview is None:
        return PreviewRuns(None, {})
    newest: dict[str, Run] = {}
    for run in Revisions(state.database).runs(source, preview.revision):
        found = of_preview(run.pipeline)
        if found is not None:
            newest[found[0]] = run
    return PreviewRuns(preview, newest)
