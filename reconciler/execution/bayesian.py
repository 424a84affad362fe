"""Bayesian sampling: each trial drawn by Optuna's TPE from what the earlier ones gave."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.execution.distributions import drawn_for, drawn_from, value_of
from reconciler.execution.sampling import Parameters
from reconciler.model.digests import digest_of
from reconciler.model.sweeps import Distribution, Sweep

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial

_DRAWS_BY_TPE = 5
_DRAWS_AT_RANDOM = 50


def next_trial(sweep: Sweep, earlier: Sequence[Parameters], values: Sequence[float | None]) -> Parameters | None:
    """The hyperparameters of the next trial, None where none are left that were not drawn before.

    They follow from the arguments alone: a sweep that is taken up again, or run anew, draws as it did.

    Args:
        earlier: of the trials drawn so far, in the order drawn.
        values: the primary metric of the first of them, None of one that gave none; the others still run.
    """
    study = _study(sweep, earlier, values)
    space = _space(sweep)
    for attempt in range(_DRAWS_BY_TPE + _DRAWS_AT_RANDOM):
        if attempt == _DRAWS_BY_TPE:
            study.sampler = _random(sweep, len(earlier))
        drawn = study.ask(space).params
        trial = {name: value_of(each, drawn[name], sweep.logbase) for name, each in sweep.search_space}
        if trial not in earlier:
            return trial
    return None


def _study(sweep: Sweep, earlier: Sequence[Parameters], values: Sequence[float | None]) -> Study:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    # A trial that runs counts as a bad one, so that those beside it are looked for elsewhere.
    sampler = optuna.samplers.TPESampler(seed=_seed(sweep, len(earlier)), constant_liar=True)
    study = optuna.create_study(direction="maximize" if sweep.maximize else "minimize", sampler=sampler)
    space = _space(sweep)
    told = [*values, *(math.nan for _ in earlier[len(values) :])]
    study.add_trials([_trial(sweep, space, trial, value) for trial, value in zip(earlier, told, strict=True)])
    return study


def _trial(
    sweep: Sweep, space: Mapping[str, BaseDistribution], parameters: Parameters, value: float | None
) -> FrozenTrial:
    """The trial as Optuna keeps it; NaN is the value of one that still runs."""
    from optuna.trial import TrialState, create_trial

    drawn: dict[str, Any] = {
        name: drawn_for(each, parameters[name], sweep.logbase) for name, each in sweep.search_space
    }
    if value is None:
        return create_trial(state=TrialState.FAIL, params=drawn, distributions=dict(space))
    if math.isnan(value):
        return create_trial(state=TrialState.RUNNING, params=drawn, distributions=dict(space))
    return create_trial(value=value, params=drawn, distributions=dict(space))


def _space(sweep: Sweep) -> dict[str, BaseDistribution]:
    from optuna.distributions import CategoricalDistribution

    return {
        name: CategoricalDistribution(range(len(each.values)))
        if each.type == "choice" and not _is_scale(each)
        else drawn_from(each)
        for name, each in sweep.search_space
    }


def _is_scale(choice: Distribution) -> bool:
    """Whether the values of a choice are numbers in order, of which near ones may be expected to do alike."""
    numbers = [value for value in choice.values if isinstance(value, int | float) and not isinstance(value, bool)]
    return len(numbers) == len(choice.values) and numbers == sorted(numbers)


def _random(sweep: Sweep, number: int) -> Any:
    import optuna

    return optuna.samplers.RandomSampler(seed=_seed(sweep, number))


def _seed(sweep: Sweep, number: int) -> int:
    """A seed for each draw, so that no draw depends on how often was drawn before in this process."""
    return int(digest_of([sweep.seed, number])[:8], 16)
