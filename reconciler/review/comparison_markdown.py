"""Runs side by side as Markdown: the figures of two revisions in a table for each pipeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.model.manifests import Scalar
from reconciler.model.runs import Run
from reconciler.planning.comparison import Aspect, Compared
from reconciler.review.escape import cell, code, html_code
from reconciler.review.markdown import LIMIT, Block, Fold, Row, fitted, line, table
from reconciler.review.wording import length

_TITLE, _FIGURES, _REST, _SAME = range(4)
_RANKS = {Aspect.METRIC: _FIGURES, Aspect.PARAM: _REST, Aspect.DURATION: _REST, Aspect.VERSION: _REST}
_NOTHING = "–"
_NO_TIME = 0.05  # seconds; what is shorter is shown as none


@dataclass(frozen=True, slots=True)
class PipelineComparison:
    """The runs of a pipeline at two revisions, None where there was none."""

    pipeline: str
    first: Run | None
    second: Run | None
    compared: tuple[Compared, ...]


def comparison_markdown(
    first: str, second: str, pipelines: Sequence[PipelineComparison], limit: int = LIMIT, is_folding: bool = True
) -> str:
    """Two revisions side by side, in so many bytes at most."""
    title = Block(_TITLE, "title", f"### Runs of {code(first)} and {code(second)}")
    return fitted([title, *(block for each in pipelines for block in comparison_blocks(each))], limit, is_folding)


def comparison_blocks(comparison: PipelineComparison) -> Iterator[Block]:
    """What differs in a table, and folded what does not."""
    first, second = comparison.first, comparison.second
    titles = ("", "step", "name", *(cell(run.id) if run else "no run" for run in (first, second)), "difference")
    differing = [each for each in comparison.compared if not each.is_same or each.aspect is Aspect.METRIC]
    same = [each for each in comparison.compared if each.is_same and each.aspect is not Aspect.METRIC]
    head = f"#### {code(comparison.pipeline)}"
    if not comparison.compared:
        yield Block(_FIGURES, "pipelines", f"{head}\n\nNothing to compare.")
    if differing:
        rows = [Row(_row(each), _RANKS[each.aspect]) for each in differing]
        yield Block(_FIGURES, "figures", f"{head}\n\n{table(titles)}", rows)
    if same:
        before, behind = f"{len(same)} more of ", " that are the same"
        names = html_code(comparison.pipeline), code(comparison.pipeline)
        fold = Fold(*(f"{before}{name}{behind}" for name in names))
        yield Block(_SAME, "what is the same", table(titles), [Row(_row(each)) for each in same], fold=fold)


def _row(compared: Compared) -> str:
    values = (compared.first, compared.second)
    shown = (_shown(value, compared.aspect) for value in values)
    name = "" if compared.aspect is Aspect.DURATION else cell(compared.name)
    return line((str(compared.aspect), cell(compared.step), name, *shown, difference_said(compared)))


def _shown(value: Scalar | None, aspect: Aspect) -> str:
    if value is None:
        return _NOTHING
    if aspect is Aspect.DURATION and isinstance(value, float):
        return length(value)
    return cell(number_said(value) if aspect is Aspect.METRIC else str(value))


def number_said(value: Scalar) -> str:
    """A figure with as many digits as say something."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def difference_said(compared: Compared) -> str:
    """What became of a figure, in a few characters."""
    if compared.is_same:
        return ""
    difference = compared.difference
    if difference is None:
        return "new" if compared.first is None else "gone" if compared.second is None else "changed"
    if compared.aspect is Aspect.DURATION:
        if abs(difference) < _NO_TIME:
            return "±0 s"
        return f"{'+' if difference >= 0 else '−'}{length(abs(difference))}"
    return f"{difference:+.4g}"
