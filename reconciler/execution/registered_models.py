"""The end of a run for the models that it registered: each gets a version that means something, the best the alias."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.execution.model_numbers import SEMVER, Shelf, champion_on
from reconciler.execution.model_origin import COMMIT, RUN, commit_of, origin_tags
from reconciler.execution.origin import Origin
from reconciler.execution.promotion import METRIC, METRIC_VALUE, Gate, number_of, root_tags, said
from reconciler.execution.site import Site
from reconciler.model.pipelines import CHAMPION
from reconciler.model.plan import Bump
from reconciler.model.runs import Judgement, RegisteredModel, Run
from reconciler.model.steps import Graph
from reconciler.model.versions import parse_version
from reconciler.planning.signatures import Numbered, alias_of
from reconciler.tracking.base import ModelDetails, ModelMark, ModelVersion

PROMOTION = "reconciler.promotion"
BUMP = "reconciler.bump"
_SAYS_MOST = "val_accuracy"
_LONGEST = 5000

log = logging.getLogger("reconciler")
_Key = tuple[str, str]  # name and MLflow's number
_Metric = tuple[str, float | None]


@dataclass(frozen=True, slots=True)
class _End:
    """What one model comes to.

    Attributes:
        semvers: of the versions that the run made.
        aliases: where all aliases point afterwards, those that say a version left out.
    """

    shelf: Shelf
    marks: tuple[ModelMark, ...]
    judgements: tuple[Judgement, ...]
    semvers: Mapping[str, str]
    metrics: Mapping[str, _Metric]
    aliases: Mapping[str, str]


class RegisteredModels:
    """Numbers, tags and promotes the versions of one run; to do it again after a crash comes to the same."""

    def __init__(self, site: Site, run: Run, graph: Graph, origin: Origin) -> None:
        self._site = site
        self._run = run
        self._graph = graph
        self._origin = origin
        self._promotion = graph.promotion
        self._alias = graph.promotion.alias if graph.promotion else CHAMPION
        self._gate = Gate(graph.promotion, run.id) if graph.promotion else None

    @property
    def has_gate(self) -> bool:
        return self._gate is not None

    def note_champions(self) -> None:
        """Keep who is champion before any step can move the alias.

        Raises:
            TrackingError: MLflow does not tell.
        """
        registry = self._site.state.model_registry
        if self._promotion is None or registry.champions_before(self._run.id) is not None:
            return
        names = (self._promotion.model,) if self._promotion.model else ()
        registry.note_champions(self._run.id, self._alias, self._site.tracking.holders(self._alias, names).result())

    def conclude(
        self, found: Sequence[ModelVersion], is_good: bool, again: Collection[_Key] = frozenset()
    ) -> dict[str, str]:
        """Bring the registry and the state to what the run comes to; gives what the root run is to be tagged with.

        Args:
            found: the versions that its runs made, and such that were reused.
            is_good: a run that failed promotes nothing, and what its steps promoted is taken back.
            again: of those found, such as were registered once more with the same content.

        Raises:
            TrackingError: MLflow does not do it.
        """
        shelves = [self._shelf(name, versions, found, again) for name, versions in self._known(found).items()]
        if not is_good:
            self._mark([move for shelf in shelves for move in self._moves(shelf, shelf.champion)])
            return {}
        details = self._details(shelves)
        ends = [self._end(shelf, details.get(shelf.name, {})) for shelf in shelves]
        self._mark([mark for end in ends for mark in end.marks])
        self._keep(ends, found)
        return root_tags(judgement for end in ends for judgement in end.judgements)

    def _mark(self, marks: Sequence[ModelMark]) -> None:
        if marks:
            self._site.tracking.mark(marks).result()

    # --- what there is ---

    def _known(self, found: Iterable[ModelVersion]) -> dict[str, dict[str, ModelVersion]]:
        names = sorted({version.name for version in found})
        known: dict[str, dict[str, ModelVersion]] = {name: {} for name in names}
        for version in self._site.tracking.versions_of(names).result() if names else ():
            known[version.name][version.version] = version
        return known

    def _shelf(
        self,
        name: str,
        versions: Mapping[str, ModelVersion],
        found: Iterable[ModelVersion],
        again: Collection[_Key],
    ) -> Shelf:
        registry = self._site.state.model_registry
        models = self._earlier(name)
        earlier = {model.version for model in models}
        made = [each.version for each in found if each.name == name and each.version in versions]
        ours = tuple(each for each in made if each not in earlier or (name, each) in again)
        noted = registry.champions_before(self._run.id) if self._gate else None
        before = registry.aliases(name).get(self._alias, "") if noted is None else noted.get(name, "")
        retired = tuple({model.semver for model in models if model.semver})
        return Shelf(name, versions, ours, champion_on(versions, ours, self._alias, before), retired)

    def _earlier(self, name: str) -> list[RegisteredModel]:
        """The versions that other runs made."""
        return [model for model in self._site.state.runs.models_named(name) if model.run_id != self._run.id]

    def _details(self, shelves: Iterable[Shelf]) -> dict[str, dict[str, ModelDetails]]:
        asked = [version for shelf in shelves for version in shelf.questions()]
        details: dict[str, dict[str, ModelDetails]] = {}
        for version, each in zip(asked, self._site.tracking.details(asked).result() if asked else (), strict=True):
            details.setdefault(version.name, {})[version.version] = each
        return details

    # --- what becomes of it ---

    def _end(self, shelf: Shelf, details: Mapping[str, ModelDetails]) -> _End:
        numbered = shelf.numbered(details)
        semvers = {
            each: str(numbered[each].version) if each in numbered else shelf.versions[each].tags[SEMVER]
            for each in shelf.ours
        }
        is_judged = self._gate is not None and self._gate.judges(shelf)
        judgements = self._gate.judged(shelf, details, semvers) if self._gate and is_judged else ()
        metrics = {each: self._metric(details[each].metrics, is_judged) for each in shelf.ours}
        verdicts = {judgement.version: judgement for judgement in judgements}
        marks = [
            self._mark_of(shelf, each, semvers[each], numbered.get(each), metrics[each], verdicts.get(each))
            for each in shelf.ours
        ]
        aliases = _aliases(shelf)
        if judgements:
            champion = judgements[-1].holder
            marks.extend(self._moves(shelf, champion))
            aliases.pop(self._alias, None)
            aliases |= {self._alias: champion} if champion else {}
        return _End(shelf, tuple(marks), judgements, semvers, metrics, aliases)

    def _moves(self, shelf: Shelf, champion: str) -> Iterable[ModelMark]:
        return self._gate.moves(shelf, champion) if self._gate and self._gate.judges(shelf) else ()

    def _metric(self, metrics: Mapping[str, float], is_judged: bool) -> _Metric:
        """The one that says most: the gate's, else the validation accuracy, else the first."""
        if self._promotion is not None and self._promotion.metric and is_judged:
            return self._promotion.metric, metrics.get(self._promotion.metric)
        name = _SAYS_MOST if _SAYS_MOST in metrics else min(metrics, default="")
        return name, metrics.get(name)

    def _mark_of(
        self,
        shelf: Shelf,
        version: str,
        semver: str,
        numbered: Numbered | None,
        metric: _Metric,
        judgement: Judgement | None,
    ) -> ModelMark:
        known = shelf.versions[version]
        tags: dict[str, str] = {}
        if numbered is not None:
            tags = origin_tags(self._run, self._graph, self._origin) | {SEMVER: semver, BUMP: _bump_text(numbered)}
            if RUN in known.tags:
                del tags[RUN]  # it names the run that made the content, not the one that registered it
        if metric[1] is not None:
            tags |= {METRIC: metric[0], METRIC_VALUE: repr(metric[1])}
        if judgement is not None:
            tags[PROMOTION] = said(judgement)[:_LONGEST]
        alias = alias_of(semver)
        is_anothers = shelf.taken.get(parse_version(semver), version) != version
        aliases = () if alias in known.aliases or is_anothers else (alias,)
        return ModelMark(shelf.name, version, {name: text for name, text in tags.items() if text}, aliases)

    # --- what is kept ---

    def _keep(self, ends: Sequence[_End], found: Iterable[ModelVersion]) -> None:
        state = self._site.state
        by_name = {end.shelf.name: end for end in ends}
        earlier = {name: {model.version for model in self._earlier(name)} for name in by_name}
        rows = [self._row(by_name[version.name], version) for version in found if version.name in by_name]
        judgements = [judgement for end in ends for judgement in end.judgements]
        with state.database.transaction():
            state.runs.save_models(
                row
                for row in rows
                if row.aliases or row.version not in earlier[row.name] or row.version in by_name[row.name].shelf.ours
            )
            for end in ends:
                state.model_registry.replace_aliases(end.shelf.name, end.aliases)
            state.model_registry.save_judgements(judgements)
            for judgement in judgements:
                state.model_registry.change_champion(judgement.name, judgement.holder, self._run.id)
        for judgement in judgements:
            log.info("%s: %s %s %s", self._run.id, judgement.name, judgement.semver, said(judgement))

    def _row(self, end: _End, version: ModelVersion) -> RegisteredModel:
        known = end.shelf.versions.get(version.version)
        tags = known.tags if known else {}
        name, metric = end.metrics.get(version.version, (tags.get(METRIC, ""), number_of(tags.get(METRIC_VALUE, ""))))
        return RegisteredModel(
            self._run.id,
            version.name,
            version.version,
            tuple(sorted(alias for alias, at in end.aliases.items() if at == version.version)),
            version.run_id,
            end.semvers.get(version.version, tags.get(SEMVER, "")),
            name,
            metric,
            tags.get(COMMIT) or commit_of(self._run, self._origin),
        )


def _aliases(shelf: Shelf) -> dict[str, str]:
    """Where aliases point, those left out that say a version."""
    return {
        alias: version.version
        for version in shelf.versions.values()
        for alias in version.aliases
        if alias != alias_of(version.tags.get(SEMVER, ""))
    }


def _bump_text(numbered: Numbered) -> str:
    reasons = "; ".join(numbered.reasons)
    if numbered.bump is Bump.NONE:
        return reasons or "the first one"
    return f"{numbered.bump}: {reasons or 'the same signature'}"[:_LONGEST]
