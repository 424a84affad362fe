"""The gate of a pipeline at the end of a run: which of the versions that it registered take the champion's place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from reconciler.execution.model_numbers import SEMVER, Shelf, holder_of
from reconciler.model.pipelines import Promotion
from reconciler.model.runs import Judgement
from reconciler.planning.promotion import Contender, judge
from reconciler.tracking.base import ModelDetails, ModelMark

METRIC = "reconciler.metric"
METRIC_VALUE = "reconciler.metric_value"
PROMOTIONS = "reconciler.promotions"  # of the root run
_LONGEST = 5000


class Gate:
    """Judges versions, and says where the alias belongs."""

    def __init__(self, promotion: Promotion, run_id: str) -> None:
        self._promotion = promotion
        self._run_id = run_id

    def judges(self, shelf: Shelf) -> bool:
        return bool(shelf.ours) and self._promotion.model in ("", shelf.name)

    def judged(
        self, shelf: Shelf, details: Mapping[str, ModelDetails], semvers: Mapping[str, str]
    ) -> tuple[Judgement, ...]:
        """One after the other: each has to beat the best before it."""
        champion = shelf.champion
        judgements = []
        for each in shelf.ours:
            new = self._contender(shelf, each, details[each], semvers)
            old = self._contender(shelf, champion, details[champion], semvers) if champion else None
            is_promoted, why = (True, "it is already") if each == champion else judge(self._promotion, new, old)
            judgements.append(
                Judgement(
                    run_id=self._run_id,
                    name=shelf.name,
                    version=each,
                    semver=semvers[each],
                    alias=self._promotion.alias,
                    metric_name=self._promotion.metric,
                    metric=new.metric,
                    champion=champion,
                    champion_semver=old.label if old else "",
                    champion_metric=old.metric if old else None,
                    is_promoted=is_promoted,
                    why=why,
                )
            )
            champion = judgements[-1].holder
        return tuple(judgements)

    def _contender(self, shelf: Shelf, version: str, details: ModelDetails, semvers: Mapping[str, str]) -> Contender:
        tags = shelf.versions[version].tags
        metric = details.metrics.get(self._promotion.metric)
        if version not in shelf.ours and tags.get(METRIC) == self._promotion.metric:
            metric = number_of(tags.get(METRIC_VALUE, ""))  # what it was promoted by, whatever its run says since
        label = semvers.get(version) or tags.get(SEMVER) or f"version {version}"
        return Contender(label, metric, tuple(details.metrics))

    def moves(self, shelf: Shelf, champion: str) -> Iterator[ModelMark]:
        """What brings the alias to the champion from wherever a step has moved it."""
        holder = holder_of(shelf.versions, self._promotion.alias)
        if holder == champion:
            return
        if champion:
            yield ModelMark(shelf.name, champion, aliases=(self._promotion.alias,))
        else:
            yield ModelMark(shelf.name, holder, lost=(self._promotion.alias,))


def said(judgement: Judgement) -> str:
    return f"{'promoted' if judgement.is_promoted else 'not promoted'} to {judgement.alias}: {judgement.why}"


def number_of(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def root_tags(judgements: Iterable[Judgement]) -> dict[str, str]:
    """What the root run is tagged with: what became of each version, as many as there is room for."""
    told = [
        {
            "model": each.name,
            "version": each.version,
            "semver": each.semver,
            "promoted": each.is_promoted,
            "why": each.why,
        }
        for each in judgements
    ]
    while len(json.dumps(told, ensure_ascii=False)) > _LONGEST:
        told.pop()
    return {PROMOTIONS: json.dumps(told, ensure_ascii=False)} if told else {}
