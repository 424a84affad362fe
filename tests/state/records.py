"""Records as a daemon keeps them, plain ones and random ones."""

from __future__ import annotations

from hypothesis import strategies as st

from reconciler.model.manifests import Kind
from reconciler.model.plan import ReleasedVersion
from reconciler.model.releases import Resolution, Skipped
from reconciler.model.resources import Processes
from reconciler.model.runs import Result, Run, RunStatus, StepRun, StepStatus
from reconciler.model.status import Condition, ConditionType
from reconciler.model.steps import CodeFolder, Definition
from reconciler.model.sweeps import (
    Distribution,
    EarlyTermination,
    EarlyTerminationPolicy,
    SamplingAlgorithm,
    SamplingRule,
    Sweep,
)


def run(
    pipeline: str = "train",
    closure: str = "c1",
    status: RunStatus = RunStatus.SUCCEEDED,
    started: float = 1.0,
    restored_from: str = "",
) -> Run:
    revision = "main@sha1:1"
    return Run("", pipeline, "origin", revision, closure, status, "push", started, restored_from=restored_from)


def result(fingerprint: str = "f1", definition: str = "d1", **outputs: str) -> Result:
    return Result(fingerprint, definition, outputs, "train-1", "split")


def definition(digest: str = "d1", tree: str | None = None, **files: str) -> Definition:
    code = CodeFolder("split/src", tree, files) if tree else None
    return Definition("split", "1.0.0", "python run.py", code, "base", "e1", (), (), (), digest=digest)


def version(name: str = "split", number: str = "1.0.0", digest: str = "d1") -> ReleasedVersion:
    return ReleasedVersion(Kind.COMPONENT, name, number, digest, "main@sha1:1", "{}")


texts = st.text(st.characters(codec="utf-8"), max_size=8)
finite = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.one_of(texts, st.booleans(), st.integers(), finite)
named_texts = st.dictionaries(texts, texts, max_size=3)
times = st.none() | st.floats(0, 4e9)
_several = st.lists(texts, max_size=3).map(tuple)
_pairs = st.lists(st.tuples(texts, texts), max_size=3).map(tuple)

_distributions = st.builds(
    Distribution,
    type=st.sampled_from(["choice", "uniform", "randint"]),
    values=st.lists(scalars, max_size=3).map(tuple),
    arguments=st.lists(st.tuples(texts, finite), max_size=3).map(tuple),
)
_sweeps = st.builds(
    Sweep,
    search_space=st.lists(st.tuples(texts, _distributions), max_size=3).map(tuple),
    algorithm=st.sampled_from(SamplingAlgorithm),
    seed=st.integers(0, 2**63),
    metric=texts,
    maximize=st.booleans(),
    max_total_trials=st.integers(1, 100),
    max_concurrent_trials=st.integers(1, 100),
    trial_timeout_seconds=times,
    timeout_seconds=times,
    rule=st.sampled_from(SamplingRule),
    logbase=st.none() | finite,
    early_termination=st.none() | st.builds(EarlyTermination, policy=st.sampled_from(EarlyTerminationPolicy)),
)
definitions = st.builds(
    Definition,
    component=texts,
    version=st.none() | texts,
    command=texts,
    code=st.none() | st.builds(CodeFolder, path=texts, tree=texts, files=named_texts),
    environment=texts,
    environment_digest=texts,
    ports=_pairs,
    literals=st.lists(st.tuples(texts, scalars), max_size=3).map(tuple),
    outputs=_pairs,
    variables=_pairs,
    sweep=st.none() | _sweeps,
    distribution=st.none() | st.builds(Processes, type=texts, instances=st.integers(1, 64)),
    digest=texts,
)
locks = st.lists(
    st.builds(
        Resolution,
        kind=st.sampled_from(Kind),
        reference=texts,
        name=texts,
        version=st.none() | texts,
        file=texts,
        tag=texts,
        commit=texts,
        digest=texts,
        skipped=st.lists(st.builds(Skipped, version=texts, why=texts), max_size=3).map(tuple),
    ),
    max_size=3,
).map(tuple)
runs = st.builds(
    Run,
    id=st.just(""),
    pipeline=texts,
    source=texts,
    revision=texts,
    closure=texts,
    status=st.sampled_from(RunStatus),
    trigger=texts,
    started=st.floats(0, 4e9),
    ended=times,
    experiment=texts,
    mlflow_run_id=texts,
    reasons=_several,
    error=texts,
    restored_from=texts,
    attempt=st.integers(1, 100),
    lock=locks,
)
steps = st.builds(
    StepRun,
    run_id=st.just(""),
    name=texts,
    trial=st.just("") | st.integers(0, 100).map(str),
    kind=st.sampled_from(["command", "sweep"]),
    status=st.sampled_from(StepStatus),
    fingerprint=texts,
    definition=texts,
    inputs=named_texts,
    outputs=named_texts,
    reasons=_several,
    started=times,
    ended=times,
    mlflow_run_id=texts,
    metrics=st.dictionaries(texts, finite, max_size=3),
    hyperparameters=st.dictionaries(texts, scalars, max_size=3),
    reused_from=texts,
    handle=texts,
    log=texts,
    error=texts,
)
results = st.builds(
    Result,
    fingerprint=texts,
    definition=texts,
    outputs=named_texts,
    run_id=texts,
    step=texts,
    mlflow_run_id=texts,
    metrics=st.dictionaries(texts, finite, max_size=3),
    trials=_several,
    hyperparameters=st.dictionaries(texts, scalars, max_size=3),
    seconds=st.floats(0, 4e9),
)
conditions = st.lists(
    st.builds(
        Condition,
        type=st.sampled_from(ConditionType),
        status=st.booleans(),
        reason=texts,
        message=texts,
        since=st.floats(0, 4e9),
    ),
    max_size=3,
).map(tuple)
